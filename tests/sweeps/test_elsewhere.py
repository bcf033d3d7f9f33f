"""Jobs that engines for clusters run, in real processes: submitit's on this machine, and workers of a Ray cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.config.failures import FAILED
from lossexp.config.sweep_settings import check_engine
from tests.command import lossexp
from tests.jobs import job

ROOT = Path(__file__).parents[2]
JOBS = ["model=mlp", "dataset.limit=200", "trainer.jit_compile=false"]
HERE = ["hydra/launcher=slurm", "hydra.launcher.cluster=local"]

ENDS = """
import os, signal, keras

class Ends(keras.callbacks.Callback):
    def __init__(self, how):
        super().__init__()
        self.how = how

    def on_epoch_end(self, epoch, logs=None):
        if self.how == "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "lossexp", "-m", *JOBS, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def scores(folder: Path) -> dict[str, dict]:
    """Test scores of the runs in `folder`, by their keys."""
    results = [json.loads(file.read_text()) for file in folder.glob("runs/*/scores.json")]
    return {result["run_key"]: result["test"] for result in results}


def alone(folder: Path, *overrides: str) -> tuple[str, dict]:
    """Run key and test scores of a single run, in this process."""
    result, run_dir = job(folder, *JOBS, *overrides)
    return run_dir.name, result.test


def runs(folder: Path) -> list[Run]:
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])


def test_jobs_of_submitit_score_like_single_runs_and_a_lost_one_is_told(tmp_path):
    (tmp_path / "ends.py").write_text(ENDS)
    callbacks = ",".join(f"[{{_target_:ends.Ends,how:{how}}}]" for how in ("goes on", "is killed"))
    arguments = [f"trainer.callbacks={callbacks}", "trusted_packages=[ends]", "trainer.epochs=2", "tracking=none"]
    process = start(tmp_path, *HERE, *arguments)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert list(scores(tmp_path).values()) == [alone(tmp_path / "alone", "trainer.epochs=2")[1]]
    [failed] = tmp_path.glob(f"runs/*/{FAILED}")
    assert "The job was lost" in failed.read_text()
    assert failed.read_text().strip() in said


def test_settings_for_this_machine_are_refused_where_a_cluster_decides(tmp_path):
    answer = lossexp("-m", "hydra/launcher=slurm", "sweep.n_jobs=2", folder=tmp_path)
    assert answer.code == 1
    assert "sweep.n_jobs" in answer.words
    assert "slurm_array_parallelism" in answer.words
    assert not list(tmp_path.iterdir())


def test_an_engine_that_is_missing_is_named_with_what_installs_it():
    config = OmegaConf.create({"hydra": {"runtime": {"choices": {"hydra/launcher": "ray_cluster"}}}})
    with pytest.raises(InputError, match=r"hydra/launcher=ray_cluster needs no_ray.*pip install 'lossexp\[ray\]'"):
        check_engine(config, "ray", "no_ray")


@pytest.mark.slow
def test_a_job_whose_ray_worker_is_killed_continues_on_another_and_all_score_like_single_runs(tmp_path, ray_cluster):
    arguments = ["trainer.epochs=150", "trainer.checkpoint_seconds=0"]
    on_ray = ["hydra/launcher=ray_cluster", f"hydra.launcher.init.address={ray_cluster}"]
    process = start(tmp_path, *on_ray, *arguments, "seed=0,1,2")
    try:
        os.kill(worker_of(folder_in_the_middle(tmp_path, process)), signal.SIGKILL)
        said, _ = process.communicate(timeout=500)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert scores(tmp_path) == dict(alone(tmp_path / "alone", *arguments, f"seed={seed}") for seed in (0, 1, 2))
    assert [run.info.status for run in runs(tmp_path)] == ["FINISHED"] * 4  # the sweep, and one run a job
    logs = [file.read_text() for file in tmp_path.glob("runs/*/lossexp.log")]
    assert sum("continuing at epoch" in log for log in logs) == 1


def folder_in_the_middle(folder: Path, process: subprocess.Popen) -> Path:
    """That of the first run with two checkpoints."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        for run in folder.glob("runs/*"):
            if len(list(run.glob("checkpoints/step-*"))) == 2:
                return run
        time.sleep(0.05)
    raise AssertionError("no run came that far")


def worker_of(run: Path) -> int:
    """The process that holds the run's folder."""
    number = f":{(run / '.lock').stat().st_ino}"
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return next(int(pid) for *_, pid, file, _, _ in locks if file.endswith(number))
