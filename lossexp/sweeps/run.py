"""The sweep's own run: a folder with what was asked for and what came of it, and the parent of its jobs' runs."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from lossexp.base.files import whole
from lossexp.base.screen import PLAIN, show_error
from lossexp.config.job import Job
from lossexp.config.sweep_settings import SWEEP_ONLY
from lossexp.sweeps.failed import SweepFailed
from lossexp.sweeps.jobs import SweepJob, swept
from lossexp.sweeps.note import note
from lossexp.sweeps.screen import counts
from lossexp.sweeps.state import State, failure, state
from lossexp.sweeps.table import as_text, measured, summary
from lossexp.tracking.sync import send_kept_back
from lossexp.tracking.tracker import Tracker

FOLDER = "sweeps"  # below `output`, with a folder for each sweep


class SweepRun:
    """Use as a context manager around the jobs: it ends FINISHED if all of them are finished, else FAILED, and KILLED
    where the sweep is stopped. The same jobs again continue the same run.

    identity: what makes two sweeps the same one, where it is not their jobs.
    Attributes: `folder`, with sweep.json, table.csv, table.txt and failures.txt; `run_id`, the store's, or None.
    Raises InputError on entry where the store cannot be used, SweepFailed at the end where a job is not finished.
    """

    ASKED = SWEEP_ONLY

    def __init__(self, config: DictConfig, jobs: Sequence[SweepJob], identity: str | None = None):
        self._config, self._jobs = config, list(jobs)
        identity = identity or " ".join(sorted(str(job.key) for job in jobs))
        self.key = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self.folder = Path(config.hydra.sweep.dir).absolute() / FOLDER / self.key
        self._tracker: Tracker = Job(config, trusted=config.trusted_packages or ()).build("tracking")

    @property
    def run_id(self) -> str | None:
        return self._tracker.run_id

    def __enter__(self) -> SweepRun:
        self._tracker.__enter__()
        tags = {"kind": "sweep", "training": self.key, "command": _command(), "run_dir": str(self.folder)}
        self._tracker.open(run_name=self._name(), run_dir=self.folder, tags=tags)
        self._tracker.params({name: str(value) for name, value in self._asked().items() if value is not None})
        self.add([])
        return self

    def add(self, jobs: Sequence[SweepJob]) -> None:
        """Takes more jobs, of a sweep that does not know all of them before."""
        self._jobs += jobs
        listed = [{"name": job.name, "run_key": job.key, "overrides": list(job.overrides)} for job in self._jobs]
        content = {"command": _command(), **self._asked(), "run_id": self.run_id, "jobs": listed}
        self.write("sweep.json", json.dumps(content, indent=2) + "\n")

    def write(self, name: str, text: str) -> None:
        """A file of the sweep, in its folder and in the store."""
        with whole(self.folder / name) as unfinished:
            unfinished.write_text(text, "utf-8")
        self._tracker.artifact(self.folder / name)

    def _asked(self) -> dict[str, Any]:
        return {name: OmegaConf.to_container(self._config)[name] for name in self.ASKED}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        states = {job: state(job.folder) if job.key else "failed" for job in self._jobs}
        finished = self._finished(states)
        self._report(states)
        self._tracker.__exit__(kind or (None if finished else SweepFailed), error, tb)
        self._send_kept_back()
        if where := self._tracker.where():
            Console(soft_wrap=True, **PLAIN).print(f"look at it:  {where}")
        if kind is None and not finished:
            raise SweepFailed

    def _send_kept_back(self) -> None:
        """Once more what a store missed that was down, which failed no job."""
        sent = send_kept_back((job.folder for job in self._jobs), self._tracker.uri)
        if failed := [run for run in sent if run.outcome == "failed"]:
            again = f"python -m lossexp.tracking sync {shlex.quote(str(self.folder.parents[1]))}"
            show_error(f"{len(failed)} runs are not in MLflow yet ({failed[0].said}). `{again}` sends them.")

    def _finished(self, states: dict[SweepJob, State]) -> bool:
        return all(now == "finished" for now in states.values())

    def _measured(self) -> tuple[pd.DataFrame, str]:
        """A row a run, and the table for reading."""
        runs = measured(self._jobs)
        return runs, as_text(summary(runs))

    def _note(self, said: str, runs: pd.DataFrame, failures: str) -> str:
        return note(said, runs, failures, {f"sweep.{self.run_id}": "true"}, self._tracker.page)

    def _report(self, states: dict[SweepJob, State]) -> None:
        """What failed and why, and the table, on the screen, in the folder and in the store."""
        runs, table = self._measured()
        said = f"{counts(list(states.values()))} of {len(states)} jobs."
        failures = "".join(f"{line}\n" for line in self._failures(states))
        if any(now != "finished" for now in states.values()):
            where = f"(also in {self.folder / 'failures.txt'}) " if failures else ""
            show_error(f"{said}\n{failures}{where}The same command again goes on from here.")
        Console(soft_wrap=True, **PLAIN).print(table)
        self.write("table.txt", table)
        self.write("table.csv", runs.to_csv(index=False))
        self.write("failures.txt", failures)
        self._tracker.tags({"mlflow.note.content": self._note(said, runs, failures)})

    def _failures(self, states: dict[SweepJob, State]) -> Iterator[str]:
        for job, now in states.items():
            if now not in ("finished", "to do"):
                log = job.folder / f"{job.config.hydra.job.name}.log"
                where = f" ({log})" if log.is_file() else ""
                yield f"job {job.number}, {job.name}: {job.problem or failure(job.folder) or now}{where}"

    def _name(self) -> str:
        """The experiment, or what is swept, and the number of jobs: `loss, gamma x seed (12)`."""
        chosen = self._config.hydra.runtime.choices.get("experiment")
        names = swept(self._jobs)
        seeds = " x seed" * ("seed" in names)
        what = ", ".join(name.removeprefix("loss.") for name in names if name != "seed") or "sweep"
        return f"{chosen or what + seeds} ({len(self._jobs)})"


def _command() -> str:
    return f"lossexp {shlex.join(sys.argv[1:])}"
