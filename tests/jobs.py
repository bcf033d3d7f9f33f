"""Jobs in this process: composed as the command line composes them, and run without it."""

from __future__ import annotations

from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from lossexp.config import Job
from lossexp.experiment.result import Result
from lossexp.experiment.run import run

CONF = Path(__file__).parents[1] / "conf"
SMALL = ("dataset.limit=200", "trainer.epochs=2", "trainer.progress=false")


def job(folder: Path, *overrides: str, tracked: bool = False) -> tuple[Result, Path]:
    """Runs one job with `folder` as the place of runs and store; returns its result and the run's folder."""
    tracking = f"tracking.root={folder}" if tracked else "tracking=none"
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=[tracking, *SMALL, *overrides], return_hydra_config=True)
    run_dir = folder / "runs" / Job(config).key
    choices = dict(config.hydra.runtime.choices)
    return run(Job(config, run_dir, choices, trusted=("my_losses", "docs"))), run_dir


def asked(
    run_dir: Path, run: str | None, mode: str = "evaluate", inputs: Path | None = None, trusted: tuple[str, ...] = ()
) -> Job:
    """A job that looks again at the run `run`, whose folder and store are where `job` has put them."""
    tracking = {"_target_": "lossexp.tracking.mlflow.MLflowTracker", "root": str(run_dir.parents[1])}
    settings = {"mode": mode, "run": run, "inputs": inputs, "output": str(run_dir.parent), "tracking": tracking}
    return Job(OmegaConf.create(settings), trusted=trusted)
