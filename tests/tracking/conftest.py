"""Real MLflow stores; tests/servers.py has servers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_store import HTTP_DEFAULTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _mlflow_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)  # for processes that tests start
    for name in HTTP_DEFAULTS:
        monkeypatch.setenv(name, "")  # makes monkeypatch restore what the tracker sets
        monkeypatch.delenv(name)


@pytest.fixture
def root(tmp_path: Path, migrated: Path) -> Path:
    """A folder of launch with a migrated `mlflow.db`."""
    shutil.copy(migrated, tmp_path / "mlflow.db")
    return tmp_path


@pytest.fixture
def tracker(root: Path) -> MLflowTracker:
    return MLflowTracker(root=root)
