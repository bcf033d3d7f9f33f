"""A sweep as users look at it: MLflow's own pages, in a real browser."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains

pytestmark = pytest.mark.slow

NAMES = ".ag-row a[href*='/runs/']"


@pytest.fixture(autouse=True, scope="module")
def _model_training(page):
    """As users do once: MLflow opens on pages for language models."""
    page.open("/")
    page.click("//*[text()='Model training']")


def expand(page):
    """Shows the jobs of the sweep, where the browser does not remember that they are shown."""
    if len(page.wait(lambda: page.texts(NAMES), "the row of the sweep")) == 1:
        page.wait(lambda: page.all(".ag-row button")[0].click() or True, "the row's +")


def choose(page, name):
    """Whether `name` was there to be chosen from an open list, which holds only what is in sight and is scrolled."""
    for option in page.all("[class*=select-item-option-content]"):
        if option.text == name:
            option.click()
            return True
    page.driver.execute_script("document.querySelectorAll('.rc-virtual-list-holder').forEach(e => e.scrollTop += 100)")
    return False


def compared(page, sweep, loss=None):
    """Opens MLflow's comparison of the sweep's jobs, or of those with one loss."""
    runs = [run.info.run_id for run in sweep.jobs if loss in (None, run.data.params["loss"])]
    quoted = ",".join(f"%22{run}%22" for run in runs)
    page.open(f"/compare-runs?runs=[{quoted}]&experiments=[%22{sweep.experiment}%22]")
    page.see(f"//*[contains(text(), 'Comparing {len(runs)} Runs')]")


def test_the_jobs_of_a_sweep_are_rows_below_its_own_run(page, sweep):
    page.open(f"/experiments/{sweep.experiment}/runs")
    [parent] = page.wait(lambda: page.texts(NAMES), "the row of the sweep")
    assert parent == sweep.parent.info.run_name
    expand(page)
    rows = page.wait(lambda: (names := page.texts(NAMES)) and len(names) > 1 and names, "the rows of its jobs")
    assert sorted(rows) == sorted([parent, *(run.info.run_name for run in sweep.jobs)])
    edge = page.all(".ag-header-cell[col-id='attributes.`Run Name`'] .ag-header-cell-resize")[0]
    ActionChains(page.driver).drag_and_drop_by_offset(edge, 150, 0).perform()  # whole names
    page.keep("mlflow_runs", height=780)


def test_the_charts_of_a_sweep_have_a_bar_for_each_run(page, sweep):
    page.open(f"/experiments/{sweep.experiment}/runs?compareRunsMode=CHART")
    expand(page)
    page.see("//*[text()='test/accuracy']")
    page.wait(lambda: len(page.all(".js-plotly-plot .bars path")) >= 4, "bars")
    page.keep("mlflow_charts")


def test_the_note_of_a_sweep_is_its_table_and_leads_to_its_runs_the_best_first(page, sweep):
    page.open(f"/experiments/{sweep.experiment}/runs/{sweep.parent.info.run_id}")
    page.click("//*[text()='Show more']")
    page.see("//table//th[text()='accuracy']")
    assert len(page.all("table td a")) == len({run.data.tags["group_key"] for run in sweep.jobs})
    page.see(f"//a[text()='{sweep.jobs[-1].info.run_name}']")
    page.keep("mlflow_sweep", height=720)
    page.open(page.see("//a[text()='All runs']").get_attribute("href").partition("#")[2])
    rows = page.wait(lambda: page.texts(NAMES), "runs without a parent")
    best = max(run.data.metrics["test/accuracy"] for run in sweep.jobs)
    assert rows[0] in {run.info.run_name for run in sweep.jobs if run.data.metrics["test/accuracy"] == best}
    assert sweep.parent.info.run_name not in rows
    page.keep("mlflow_best_first", height=760)


def test_the_page_of_a_run_says_what_it_is_and_how_to_do_it_again(page, sweep):
    run = sweep.jobs[-1]
    page.open(f"/experiments/{sweep.experiment}/runs/{run.info.run_id}")
    assert "loss.gamma=2 loss.alpha=0.75" in page.see("//code[contains(., 'python -m lossexp')]").text
    page.see(f"//*[contains(text(), 'gamma=2.0, alpha=0.75 · mlp · digits · seed {run.data.params['seed']}')]")
    page.see(f"//a[contains(., {sweep.parent.info.run_name!r})]")
    page.keep("mlflow_run", height=545)


def test_a_run_has_bars_of_test_metrics_and_lines_of_each_epoch(page, sweep):
    page.open(f"/experiments/{sweep.experiment}/runs/{sweep.jobs[-1].info.run_id}/model-metrics")
    page.wait(lambda: page.all(".js-plotly-plot .bars path"), "bars of test metrics")
    page.see("//input[@placeholder='Search metric charts']").send_keys("^(val|train)/")
    page.wait(lambda: len(page.all(".js-plotly-plot .scatterlayer path")) >= 4, "lines of validation metrics")
    page.keep("mlflow_curves")


def test_an_artifact_is_shown_as_the_picture_that_it_is(page, sweep):
    page.open(f"/experiments/{sweep.experiment}/runs/{sweep.jobs[-1].info.run_id}/artifacts/figures/curves.png")
    width = (
        "return Math.max(0, ...[...document.images].filter(i => i.src.startsWith('blob:')).map(i => i.naturalWidth))"
    )
    page.wait(lambda: page.driver.execute_script(width) > 100, "the picture")
    page.keep("mlflow_picture", height=480)


def test_parallel_coordinates_have_axes_of_the_parameters_of_the_loss(page, sweep):
    compared(page, sweep, loss="focal")
    page.click("//*[text()='epoch']/following-sibling::*")  # MLflow's choice, the same for all
    page.click("//div[text()='Metrics:']/following-sibling::div[1]")
    page.wait(lambda: choose(page, "test/accuracy"), "the metric in the list")
    page.click("//*[text()='Parallel Coordinates Plot']")  # which closes the list
    axes = {"loss.alpha", "loss.gamma", "test/accuracy"}
    page.wait(lambda: axes <= set(page.texts(".js-plotly-plot .axis-title")), f"axes {axes}")
    page.keep("mlflow_parallel", height=660)


def test_a_contour_plot_of_two_parameters_and_a_score(page, sweep):
    compared(page, sweep, loss="focal")
    page.click("//*[@role='tab'][text()='Contour Plot']")
    for axis, name in {"xaxis": "loss.gamma", "yaxis": "loss.alpha", "zaxis": "test/accuracy"}.items():
        page.click(f"//button[@id='{axis}-selector']")
        page.click(f"//*[@role='option'][normalize-space()='{name}']")
    page.wait(lambda: page.all(".js-plotly-plot .contourlayer path"), "the contours")
    assert page.texts(".js-plotly-plot .xtitle") == ["loss.gamma"]
    page.keep("mlflow_contour", height=660)
