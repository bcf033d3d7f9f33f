"""Jobs on other machines, by engines that exist: each is a task that anything which has a fresh process can call."""

from __future__ import annotations

import contextlib
import os
import runpy
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lossexp.sweeps.jobs import SweepJob
from lossexp.sweeps.local import OUTPUT, job_arguments, relative
from lossexp.sweeps.sharing import THREADS, threads_of_a_run
from lossexp.sweeps.state import begin, ended, tell_of_loss

POLL_SECONDS = 0.5
SECONDS_TO_BE_SEEN = 3  # by this machine, of what another one has written into a shared folder


@dataclass(frozen=True)
class Task:
    """`python -m lossexp ...` for one job, to be called once in a process that ends with it.

    folder: where it starts, which all machines share. output: the file for what is printed, as seen from there.
    threads: those of a run, see `lossexp.sweeps.sharing`.

    A call returns when the job is done, in whichever way. It raises SystemExit where the job was stopped, so that the
    engine calls it again elsewhere, and the run continues from its checkpoint.
    """

    arguments: Sequence[str]
    folder: str
    output: Path
    threads: str

    def __call__(self) -> None:
        os.chdir(self.folder)
        os.environ[THREADS] = self.threads
        sys.argv = ["lossexp", *self.arguments]
        with self.output.open("a") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
            try:
                runpy.run_module("lossexp", run_name="__main__")
            except SystemExit as end:
                if end.code not in (None, 0, 1):
                    raise

    def checkpoint(self) -> Any:
        """For submitit, when Slurm takes the machine away or the time is over: the same again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class Engine(Protocol):
    """What runs tasks; a handle is what the engine calls one of them."""

    def submit(self, tasks: Sequence[Task]) -> Sequence[Any]:
        """A handle for each task, all of them at once."""

    def done(self, handle: Any) -> bool:
        """Whether the engine does nothing more for it."""

    def lost(self, handle: Any) -> str:
        """Why a task that is done did not return."""

    def cancel(self, handles: Sequence[Any]) -> None:
        """Stops those at work, each of which can be continued, and starts none of the others."""


def run_elsewhere(engine: Engine, jobs: Sequence[SweepJob], stop: bool, start_in: str | None) -> None:
    """Gives all jobs to the engine, and returns when it has done them.

    stop: no further ones after one that failed. start_in: the folder where jobs start; None is that of this process.

    A job that the engine lost for good leaves the reason in its folder like any other job that fails.
    """
    waiting: dict[SweepJob, Any] = {}
    try:
        waiting |= zip(jobs, engine.submit([_task(job, start_in or os.getcwd()) for job in jobs]))
        while waiting:
            time.sleep(POLL_SECONDS)
            for job, handle in list(waiting.items()):
                if engine.done(handle):
                    del waiting[job]
                    _tell_of_loss(engine, job, handle)
            if stop and any(job.state == "failed" for job in jobs if job not in waiting):
                unbegun = [job for job in waiting if job.state != "running"]
                engine.cancel([waiting.pop(job) for job in unbegun])
    finally:
        engine.cancel(list(waiting.values()))


def _task(job: SweepJob, folder: str) -> Task:
    begin(job.folder)
    return Task(job_arguments(job), folder, relative(job.folder) / OUTPUT, threads_of_a_run())


def _tell_of_loss(engine: Engine, job: SweepJob, handle: Any) -> None:
    if not ended(job.folder):
        time.sleep(SECONDS_TO_BE_SEEN)
    if not ended(job.folder):
        tell_of_loss(job.folder, f"The job was lost: {engine.lost(handle)} The same command continues it.")
