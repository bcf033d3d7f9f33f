"""Jobs on this machine: one after another in this process, or several fresh processes at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hydra.core.utils import configure_log, run_job
from hydra.types import HydraContext, TaskFunction

from lossexp.config.command_line import config_flags
from lossexp.sweeps.jobs import SweepJob
from lossexp.sweeps.sharing import cores_of, environment_of
from lossexp.sweeps.state import begin, ended, tell_of_loss

OUTPUT = "output.txt"  # what the process of a job prints
OF_THE_SWEEP = ("hydra.mode=", "hydra.run.", "hydra.sweep.", "hydra.sweeper.", "hydra.launcher.", "hydra/")
POLL_SECONDS = 0.1


def run_here(jobs: Sequence[SweepJob], context: HydraContext, task: TaskFunction, stop: bool) -> None:
    """Each job in turn. What it prints is not shown; its log has it. stop: not after one that failed."""
    for job in jobs:
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
            run_job(
                hydra_context=context,
                task_function=task,
                config=job.config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
        configure_log(job.config.hydra.hydra_logging, job.config.hydra.verbose)
        if stop and job.state == "failed":
            return


def run_fresh(jobs: Sequence[SweepJob], n_jobs: int, stop: bool) -> None:
    """Each job in a process of its own, `n_jobs` at a time, among which cores and GPUs are divided.

    A process that is killed leaves its reason in the job's folder like any other job that fails. Ctrl-C and SIGTERM
    stop those that run, each of which can be continued.
    """
    waiting, running = list(reversed(jobs)), {}
    try:
        while waiting or running:
            while waiting and len(running) < n_jobs:
                slot = min(set(range(n_jobs)) - set(running))
                job = waiting.pop()
                with cores_of(slot, n_jobs):
                    running[slot] = job, _start(job, environment_of(slot))
            time.sleep(POLL_SECONDS)
            for slot, (job, process) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[slot]
                _tell_of_end(job, process.returncode)
                if stop and job.state == "failed":
                    waiting.clear()
    finally:
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            process.wait()


def _start(job: SweepJob, environment: dict[str, str]) -> subprocess.Popen:
    begin(job.folder)
    with (job.folder / OUTPUT).open("ab") as output:
        command = [sys.executable, "-m", "lossexp", *job_arguments(job)]
        settings = {"stdout": output, "stderr": output, "env": os.environ | environment}
        # In a session of its own: Ctrl-C would reach it from the terminal and from here, and the second signal cuts
        # short what the first one began.
        return subprocess.Popen(command, start_new_session=True, **settings)


def job_arguments(job: SweepJob) -> list[str]:
    """What to type after `lossexp` for the job alone."""
    hydras = [o for o in job.config.hydra.overrides.hydra if not o.lstrip("+~").startswith(OF_THE_SWEEP)]
    own = ["sets=null", "seeds=null", "baseline=null", f"sweep.parent={job.config.sweep.parent or 'null'}"]
    place = [f"hydra.run.dir='{relative(job.folder)}'", f"hydra.job.num={job.number}"]
    return [*job.overrides, *own, *hydras, *place, *config_flags()]


def relative(folder: Path) -> Path:
    """As seen from where the sweep starts, if it is below: the same place may have another name on another machine."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _tell_of_end(job: SweepJob, code: int) -> None:
    if code or not ended(job.folder):
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        reason = " Perhaps the memory was full." if code == -signal.SIGKILL else ""
        tell_of_loss(job.folder, f"The process of the job {how}.{reason} What it printed is in {job.folder / OUTPUT}.")
