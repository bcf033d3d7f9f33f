"""A real sweep, a real MLflow server on its store, and Chromium without a window.

`LOSSEXP_SCREENSHOTS=docs/images` keeps pictures of the pages, of a sweep that is large enough to look at.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.command import lossexp
from tests.servers import Server

SECONDS = 60
WIDTH, HEIGHT = 1400, 900
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SCREENSHOTS = os.environ.get("LOSSEXP_SCREENSHOTS")
SETS = 'sets=["loss=ce","loss=focal loss.gamma=0,1,2 loss.alpha=0.25,0.75"]'
SIZE = ("trainer.epochs=8", "seeds=2") if SCREENSHOTS else ("trainer.epochs=2", "seeds=1", "trainer.jit_compile=false")


class Sweep:
    """parent: the sweep's own run. jobs: those of its jobs. experiment: what holds them."""

    def __init__(self, folder: Path):
        client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
        self.folder = folder
        self.experiment = client.get_experiment_by_name("lossexp").experiment_id
        runs = client.search_runs([self.experiment], order_by=["attributes.start_time ASC"])
        [self.parent] = [run for run in runs if run.data.tags["kind"] == "sweep"]
        self.jobs: list[Run] = [run for run in runs if run.data.tags["kind"] == "job"]


class Page:
    """Chromium on the pages of one MLflow server. What is waited for is a condition on what the page shows."""

    def __init__(self, driver: webdriver.Chrome, uri: str):
        self.driver, self.uri = driver, uri

    def open(self, place: str) -> None:
        """`place` is what follows `#`."""
        self.driver.get("about:blank")  # a change behind # alone would keep what the last page had loaded
        self.driver.get(f"{self.uri}/#{place}")

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        return [element.text for element in self.all(css)]

    def wait(self, condition, what: str):
        """What `condition()` returns, once that is true."""
        patient = WebDriverWait(self.driver, SECONDS, ignored_exceptions=[Exception])
        return patient.until(lambda _: condition(), f"never seen: {what}")

    def see(self, xpath: str) -> WebElement:
        found = self.driver.find_elements
        return self.wait(lambda: next(e for e in found(By.XPATH, xpath) if e.is_displayed()), xpath)

    def click(self, xpath: str) -> None:
        self.wait(lambda: self.see(xpath).click() or True, f"{xpath}, to be clicked")

    def keep(self, name: str, height: int = HEIGHT) -> None:
        """A picture of the upper `height` pixels for the docs, where they are asked for."""
        if SCREENSHOTS:
            taken = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
            few = taken.crop((0, 0, WIDTH, height)).quantize(256, dither=Image.Dither.NONE)
            few.save(Path(SCREENSHOTS) / f"{name}.png", optimize=True)


@pytest.fixture(scope="package")
def programs() -> list[str]:
    """The browser and what drives it."""
    found = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in found:
        pytest.skip("THE MLFLOW PAGE IS NOT TESTED: it needs Chromium; apt-get install chromium chromium-driver")
    return found


@pytest.fixture(scope="package")
def sweep(programs: list[str], tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("sweep")
    answer = lossexp("-m", SETS, "baseline=loss=ce", "model=mlp", *SIZE, folder=folder)
    assert answer.code == 0, answer.err
    return Sweep(folder)


@pytest.fixture(scope="package")
def page(programs: list[str], sweep: Sweep, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    server, driver = Server(sweep.folder), None
    try:
        server.start()
        driver = webdriver.Chrome(options=options, service=Service(programs[1]))
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        # At a first visit MLflow opens an assistant over the page.
        visited = "localStorage['mlflow.assistant.fab.autoOpenedOnFirstLoad_v1'] = 'true'"
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": visited})
        yield Page(driver, server.uri)
    finally:
        if driver:
            driver.quit()
        server.stop()
