"""Fixtures that several rooms use."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

import absl.logging
import hypothesis
import pytest

# Each test process keeps to one core: several of them share the machine. MLflow's telemetry would need a network.
for name, value in {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}.items():
    os.environ.setdefault(name, value)

# Hydra closes all log handlers, and absl's closes its stream, which is what standard error was when TensorFlow was
# imported: pytest's own.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

# A shell without job control lets what it starts in the background ignore Ctrl-C, which some tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and `nohup` the end of a terminal

# The same examples every time; `--hypothesis-profile=search` looks for new ones.
hypothesis.settings.register_profile("search", deadline=None, print_blob=True)
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")

pytest_plugins = ["tests.servers"]

STARTING_PROCESSES = (
    "test_interrupted_runs.py",
    "test_cli.py",
    "test_devices.py",
    "test_multi_worker.py",
    "test_mlflow_server.py",
    "test_elsewhere.py",
)
ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start processes first: at the end they would keep one core waiting."""
    items.sort(key=lambda item: item.path.name not in STARTING_PROCESSES)


def pytest_collection_finish() -> None:
    """What was imported stays: collections that look through all of it would take half of the time."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def survivors() -> None:
    """What outlives a test file (caches, recorded results) is not searched for garbage in the next one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def mnist_npz() -> Path:
    """The real MNIST as an npz file: LOSSEXP_MNIST, or shared/data/mnist.npz beside the repository."""
    path = Path(os.environ.get("LOSSEXP_MNIST") or ROOT.parent / "shared" / "data" / "mnist.npz")
    if not path.is_file():
        pytest.skip(f"needs MNIST: set LOSSEXP_MNIST to an npz file with x_train, ... ({path} is not there)")
    return path
