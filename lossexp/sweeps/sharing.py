"""How jobs share a machine: each has its part of the cores, and one GPU where there are several.

The number of threads stays that of a single run, whose sums they divide: with another number the last bits of a CNN's
gradients are others. Threads that outnumber their cores cost a few percent.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator

THREADS = "TF_NUM_INTRAOP_THREADS"


def threads_of_a_run() -> str:
    """What TensorFlow takes here: $TF_NUM_INTRAOP_THREADS where set, else the cores of this process."""
    return os.environ.get(THREADS) or str(len(_cores()))


def environment_of(slot: int) -> dict[str, str]:
    """Variables for the job in this place among those that run at a time."""
    gpus = _gpus()
    return {THREADS: threads_of_a_run()} | ({"CUDA_VISIBLE_DEVICES": gpus[slot % len(gpus)]} if len(gpus) > 1 else {})


@contextlib.contextmanager
def cores_of(slot: int, n_jobs: int) -> Iterator[None]:
    """A process that is started inside the block has this place's part of the cores."""
    cores, give = _cores(), getattr(os, "sched_setaffinity", lambda process, cores: None)
    give(0, cores[slot % len(cores) :: n_jobs])
    try:
        yield
    finally:
        give(0, cores)


def _cores() -> list[int]:
    """Those that this process may use; macOS knows no such thing."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


@functools.cache
def _gpus() -> list[str]:
    """As NVIDIA's driver names them, without TensorFlow, which would take them."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return os.environ["CUDA_VISIBLE_DEVICES"].split(",")
    if not shutil.which("nvidia-smi"):
        return []
    asked = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.split()
