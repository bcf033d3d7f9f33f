"""Real MLflow stores: a migrated SQLite file to copy (migrating takes seconds), and a real server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_store import HTTP_DEFAULTS

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@pytest.fixture(autouse=True)
def _mlflow_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)  # for processes that tests start
    for name in HTTP_DEFAULTS:
        monkeypatch.setenv(name, "")  # makes monkeypatch restore what the tracker sets
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite store; not to be written."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments(max_results=1)
    return path


@pytest.fixture
def root(tmp_path: Path, migrated: Path) -> Path:
    """A folder of launch with a migrated `mlflow.db`."""
    shutil.copy(migrated, tmp_path / "mlflow.db")
    return tmp_path


@pytest.fixture
def tracker(root: Path) -> MLflowTracker:
    return MLflowTracker(root=root)


class Server:
    """`mlflow server` on 127.0.0.1, in a process group of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def start(self) -> Server:
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}", "--workers", "1"),
            *("--artifacts-destination", str(self.folder / "artifacts")),
        ]
        settings = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **settings}, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "server.log").read_text()[-3000:])
            time.sleep(0.2)
        return self

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)  # the group of this very process
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Server]:
    """A running server; a test that stops it starts it again."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(migrated, folder / "mlflow.db")
    server = Server(folder)
    try:
        yield server.start()
    finally:
        server.stop()
