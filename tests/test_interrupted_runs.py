"""Real processes that are killed or run at once: nothing is lost, nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from mlflow import MlflowClient

from lossexp.metrics import load_outputs

ROOT = Path(__file__).parents[1]
RUN = ["model=mlp", "model.dropout=0.2", "dataset.limit=400", "trainer.epochs=80", "trainer.checkpoint_seconds=0"]


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "lossexp", *RUN, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def kill_in_the_middle(folder: Path, *arguments: str) -> None:
    process = start(folder, *arguments)
    try:
        deadline = time.monotonic() + 240
        while len(list(folder.glob("runs/*/checkpoints/step-*"))) < 2:
            assert time.monotonic() < deadline
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def results(folder: Path) -> tuple[dict, np.ndarray, list]:
    [run] = (folder / "runs").glob("*/scores.json")
    lines = [json.loads(line) for line in (run.parent / "metrics.jsonl").read_text().splitlines()]
    curve = {record["step"]: record["metrics"].get("val/nll") for record in lines if "val/nll" in record["metrics"]}
    return json.loads(run.read_text()), load_outputs(run.parent / "test_outputs.npz").outputs, sorted(curve.items())


def test_a_killed_run_continues_by_the_same_command_to_the_same_bits_in_the_same_mlflow_run(tmp_path):
    finish(start(tmp_path / "whole"))
    kill_in_the_middle(tmp_path / "parts")
    assert not list((tmp_path / "parts").glob("runs/*/scores.json"))
    assert "continuing at epoch" in finish(start(tmp_path / "parts"))
    whole, parts = results(tmp_path / "whole"), results(tmp_path / "parts")
    assert parts[0] == whole[0]
    np.testing.assert_array_equal(parts[1], whole[1])
    assert parts[2] == whole[2]

    client = MlflowClient(f"sqlite:///{tmp_path}/parts/mlflow.db")
    [run] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    assert run.info.status == "FINISHED"
    points = [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, "val/nll")]
    assert sorted(set(points)) == sorted(points) == whole[2]


def test_two_processes_asked_for_the_same_run_train_it_once(tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    outputs = [finish(process) for process in both]
    assert sum("this run is finished already" in output for output in outputs) == 1
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    assert len(client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])) == 1
