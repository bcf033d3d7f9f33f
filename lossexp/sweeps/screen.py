"""A sweep on the screen: one line a job as it ends, a bar over all of them, each warning once."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import get_args

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from lossexp.base.screen import PLAIN, shown
from lossexp.config.failures import FAILED
from lossexp.experiment.result import Result, main_metrics, read_result
from lossexp.experiment.run_folder import FILE_NAME as RECORD
from lossexp.sweeps.jobs import SweepJob
from lossexp.sweeps.state import State, ended, failure

POLL_SECONDS = 0.5
METRICS_SHOWN = 3
WARNING = re.compile(r"\[WARNING\] - (.*)")


class SweepScreen:
    """Looks at the jobs' folders from a thread of its own, so that it serves jobs wherever they run.

    Use as a context manager around the jobs, of which there are `total`. scores: what to say of a finished one.
    """

    def __init__(self, total: int, scores: Callable[[Result], str]):
        self._total, self._scores = total, scores
        self._jobs: list[SweepJob] = []
        self._told: set[SweepJob] = set()
        self._before: dict[SweepJob, tuple[int, int]] = {}
        self._read: dict[SweepJob, int] = {}
        self._warned: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        console = Console(file=sys.stdout, soft_wrap=True, **PLAIN)  # this stream, although jobs print elsewhere
        columns = (TextColumn("sweep"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, disable=not sys.stdout.isatty(), redirect_stdout=False)
        self._task = self._bar.add_task("sweep", total=total)

    def __enter__(self) -> SweepScreen:
        self._bar.start()
        self._thread.start()
        return self

    def add(self, jobs: Sequence[SweepJob]) -> None:
        """Jobs that come next."""
        told = {job for job in jobs if job.problem or job.is_done}
        self._before |= {job: _last_change(job) for job in jobs}
        self._read |= {job: _size(_log(job)) for job in jobs}
        self._told |= told
        self._jobs = [*self._jobs, *jobs]  # another list: the thread may be at work on this one
        self._bar.advance(self._task, len(told))
        if done := sum(not job.problem for job in told):
            self._bar.console.print(f"{done} of {len(jobs)} jobs are finished already")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self._look()
        self._bar.stop()

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        for job in self._jobs:
            if job not in self._told:
                self._tell_warnings(job)
                if (how := ended(job.folder)) and _last_change(job) != self._before[job]:
                    self._tell(job, how)

    def _tell(self, job: SweepJob, how: str) -> None:
        self._told.add(job)
        begun = _changed(job.folder / ".hydra" / "overrides.yaml")
        seconds = f"{time.time() - begun / 1e9:.0f} s" if begun else "not begun"
        result = read_result(job.folder) if how == "finished" else None
        said = self._scores(result) if result else failure(job.folder)
        line = f"[{len(self._told)}/{self._total}] {how:<8}  {job.name}  {seconds}  {said}"
        self._bar.console.print(line)
        self._bar.advance(self._task)

    def _tell_warnings(self, job: SweepJob) -> None:
        """Those that the job's log has more than before, each text once in the sweep."""
        log = _log(job)
        if _size(log) <= self._read[job]:
            return
        with log.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._read[job])
            text = file.read()
            self._read[job] = file.tell()
        for warning in WARNING.findall(text):
            if warning not in self._warned:
                self._warned.add(warning)
                self._bar.console.print(f"warning in {job.name}: {warning}")


def show_states(jobs: Sequence[SweepJob]) -> None:
    """The jobs and their states as a table; trains nothing."""
    console = Console(soft_wrap=True, **PLAIN)
    table = Table("job", "state", "run key", "settings", box=None)
    states = [job.state for job in jobs]
    for job, now in zip(jobs, states):
        table.add_row(str(job.number), now, job.key or "", job.name)
    console.print(table)
    console.print(f"{len(jobs)} jobs: {counts(states)}")


def counts(states: Sequence[str]) -> str:
    """Such as `10 finished, 2 failed`."""
    number = Counter(states)
    return ", ".join(f"{number[name]} {name}" for name in get_args(State) if number[name])


def of_test(result: Result) -> str:
    """The metrics that matter, on the test split."""
    names = main_metrics(result)[:METRICS_SHOWN]
    return "  ".join(f"{name} {shown(result.test[name])}" for name in names)


def _log(job: SweepJob) -> Path:
    return job.folder / f"{job.config.hydra.job.name}.log"


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _last_change(job: SweepJob) -> tuple[int, int]:
    """Changes when the job ends, also where it ended like this before."""
    return _changed(job.folder / FAILED), _changed(job.folder / RECORD)
