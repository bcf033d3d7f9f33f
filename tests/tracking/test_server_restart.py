"""A training in a process of its own, whose MLflow server is stopped and started again while it trains."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.servers import recorded_points, stored_points

ROOT = Path(__file__).parents[2]
SECONDS = 240
# Two epochs wait for the test, and those in between are slow until the training has noticed that the server is away.
PAUSING = """
import keras, pathlib, time

class Pausing(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch in (5, 90):
            pathlib.Path(f"reached-{epoch}").touch()
            while not pathlib.Path(f"go-on-{epoch}").exists():
                time.sleep(0.05)
        elif 5 < epoch < 90 and not list(pathlib.Path().glob(".mlflow-down-*")):
            time.sleep(0.5)
"""


def wait_for(file: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + SECONDS
    while not file.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_after_a_restart_the_server_has_every_point_and_the_model(server, tmp_path):
    (tmp_path / "pausing.py").write_text(PAUSING)
    given = [
        *("model=mlp", "dataset.limit=300", "trainer.epochs=100", f"tracking.uri={server.uri}"),
        *("trainer.callbacks=[{_target_: pausing.Pausing}]", "trusted_packages=[pausing]"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "lossexp", *given],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(tmp_path / "reached-5", process)
        server.stop()
        (tmp_path / "go-on-5").touch()
        wait_for(tmp_path / "reached-90", process)
        server.start()
        (tmp_path / "go-on-90").touch()
        output, _ = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, output
    assert output.count("Training goes on") == 1, output
    assert "is incomplete" not in output

    client = MlflowClient(server.uri)
    [run] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    assert run.info.status == "FINISHED"
    [scores] = (tmp_path / "runs").glob("*/scores.json")
    points = stored_points(client, run)
    assert points == recorded_points(scores.parent)
    assert len({step for step, name, _ in points if name == "val/nll"}) == 100
    assert {"config.yaml", "figures", "model"} <= {file.path for file in client.list_artifacts(run.info.run_id)}
