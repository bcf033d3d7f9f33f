"""Small runs in processes that are killed: at a moment from outside, or by themselves after their n-th step.

The processes are forked from one that has imported everything and used nothing of TensorFlow, so that each costs the
run itself and not the imports.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from mlflow import MlflowClient

import lossexp.experiment.parts  # noqa: F401  (imported before the fork)
from lossexp.tracking.mlflow import MLflowTracker
from tests.jobs import job

PRELOADED = ("mlflow.keras", "mlflow.store.tracking.sqlalchemy_store", "sklearn.datasets", __name__)
# Every change of the store and of what is in place on disk. What lies between two of them no kill can tell apart.
STEPS = [
    *((MlflowClient, name) for name in ("create_experiment", "create_run", "update_run", "set_terminated")),
    *((MlflowClient, name) for name in ("log_batch", "log_inputs", "log_artifact", "log_artifacts")),
    *((MlflowClient, name) for name in ("create_logged_model", "log_model_artifacts", "finalize_logged_model")),
    *((MlflowClient, "log_outputs"), (os, "replace"), (os, "rename"), (shutil, "rmtree"), (Path, "unlink")),
]


def nursery() -> multiprocessing.context.ForkServerContext:
    """Where victims are forked from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def train(folder: Path, overrides: tuple[str, ...], dies_after: int | None = None) -> None:
    """One run with its store in `folder`. dies_after: steps until it kills itself; writes the number it made."""
    _quietly(folder)
    count = _count_steps(dies_after)
    job(folder, "tracking.experiment=torture", *overrides, tracked=True)
    (folder / "steps").write_text(str(count[0]))


def make_store(folder: Path) -> None:
    """What each run does first: the store is made where it is missing, and searched."""
    _quietly(folder)
    MLflowTracker(root=folder).find("no such run")


def _quietly(folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder.mkdir(parents=True, exist_ok=True)
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())


def _count_steps(dies_after: int | None) -> list[int]:
    count = [0]
    main = threading.main_thread()

    def counted(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            result = function(*args, **kwargs)
            if threading.current_thread() is main:
                count[0] += 1
                if count[0] == dies_after:
                    os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for owner, name in STEPS:
        setattr(owner, name, counted(getattr(owner, name)))
    return count
