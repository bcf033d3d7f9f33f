"""What version 0.1.0 left behind is still of use: its finished runs are finished, its models load."""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from lossexp.losses import Focal

EARLIER = Path(__file__).parent / "earlier"
KEY = "44ea07b4b531cfd1"
COMMAND = [
    *("loss=focal", "loss.gamma=1", "model=mlp", "model.hidden=[4]"),
    *("dataset.limit=100", "trainer.epochs=2", "trainer.keep_checkpoints=1"),
]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with the earlier version's run and store."""
    shutil.copytree(EARLIER / KEY, tmp_path / "runs" / KEY)
    dump = gzip.decompress((EARLIER / "store.sql.gz").read_bytes()).decode()
    store = sqlite3.connect(tmp_path / "mlflow.db")
    store.executescript(dump.replace("{folder}", str(tmp_path)))
    store.close()
    return tmp_path


def test_a_run_that_an_earlier_version_finished_is_found_finished_by_the_same_command(folder):
    command = [sys.executable, "-m", "lossexp", *COMMAND]
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "finished already" in done.stdout + done.stderr
    assert [path.name for path in (folder / "runs").iterdir() if path.is_dir()] == [KEY]
    accuracy = json.loads((folder / "runs" / KEY / "scores.json").read_text())["test"]["accuracy"]
    assert f"{accuracy:.4f}" in done.stdout


def test_a_model_saved_with_a_loss_by_an_earlier_version_loads_with_that_loss():
    model = keras.saving.load_model(EARLIER / "focal.keras")
    loss = model.loss
    assert isinstance(loss, Focal)
    assert (loss.gamma, loss.alpha, loss.label_smoothing) == (1.5, [1.0, 2.0, 3.0, 4.0], 0.1)
    assert loss.class_counts == [5, 6, 7, 8]
    value = model.evaluate(np.ones((2, 3)), np.array([0, 1]), verbose=0)
    assert np.isfinite(value)
