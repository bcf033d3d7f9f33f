"""`trainer.strategy=multi_worker` from the command line: one run of two processes."""

import json
import sys
import time

import pytest
from mlflow import MlflowClient

from tests.command import lossexp
from tests.workers import outputs_of, start_workers

LOSSEXP = [sys.executable, "-m", "lossexp", "trainer.strategy=multi_worker", "model=mlp", "dataset.limit=400"]


def written(folder):
    """The files of the one run in `folder`, below the run's own folder."""
    [run] = (folder / "runs").iterdir()
    return run, {str(file.relative_to(run)) for file in run.rglob("*") if file.is_file()}


def mlflow_run(folder):
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    [run] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    return run


def test_the_chief_writes_the_run_and_the_other_worker_its_log(tmp_path):
    command = [*LOSSEXP, "trainer.epochs=2"]
    chief, other = outputs_of(start_workers(command, tmp_path))
    assert "test metric" in chief
    assert "test metric" not in other
    run, files = written(tmp_path)
    assert {file for file in files if file.startswith("worker-")} == {
        *("worker-1/lossexp.log", "worker-1/.hydra/config.yaml"),
        *("worker-1/.hydra/hydra.yaml", "worker-1/.hydra/overrides.yaml"),
    }
    assert str(run / "worker-1") in other
    assert json.loads((run / "run.json").read_text())["stage"] == "closed"
    assert mlflow_run(tmp_path).info.status == "FINISHED"
    chief, other = outputs_of(start_workers(command, tmp_path))  # again
    assert "this run is finished already" in chief
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 3  # two epochs and the test


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_a_worker_that_is_killed_ends_the_others_with_one_paragraph_and_the_same_command_continues(killed, tmp_path):
    command = [*LOSSEXP, "trainer.epochs=30", "trainer.checkpoint_seconds=0"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    outputs_of(start_workers(command, whole))
    both = start_workers(command, parts)
    while len(list(parts.glob("runs/*/checkpoints/step-*"))) < 2:
        assert both[killed].poll() is None, both[killed].communicate()[0]
        time.sleep(0.05)
    both[killed].kill()
    said = outputs_of(both, codes=[-9 if index == killed else 1 for index in range(2)])[1 - killed]
    assert "Another worker of this run has ended" in said
    assert "Traceback" not in said
    assert all("continuing at epoch" in output for output in outputs_of(start_workers(command, parts)))
    scores = [json.loads((written(folder)[0] / "scores.json").read_text()) for folder in (whole, parts)]
    assert scores[0] == scores[1]
    assert mlflow_run(parts).info.status == "FINISHED"


@pytest.mark.slow
def test_workers_that_do_not_share_the_runs_folder_are_told_so_and_the_chief_does_not_hang(tmp_path):
    for name in "01":
        (tmp_path / name).mkdir()
    chief, other = outputs_of(start_workers([*LOSSEXP, "tracking=none"], tmp_path, shared=False), codes=[1, 1])
    assert "Another worker of this run has ended" in chief
    assert "Let output name a folder that all workers share" in other


def test_what_cannot_work_is_one_paragraph_before_training(tmp_path, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy = ("trainer.strategy=multi_worker", "tracking=none")
    for arguments, said in {
        (): "set TF_CONFIG in each process",
        ("trainer.jit_compile=true",): "strategy=multi_worker cannot be combined with trainer.jit_compile=true",
        ("-m", "seed=0,1"): "one run a command",
    }.items():
        answer = lossexp(*strategy, *arguments, folder=tmp_path)
        assert answer.code == 1
        assert said in answer.words + answer.out, arguments
