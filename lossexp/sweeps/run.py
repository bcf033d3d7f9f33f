"""The sweep's own run: a folder with what was asked for and what came of it, and the parent of its jobs' runs."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from lossexp.base.files import whole
from lossexp.base.screen import PLAIN, show_error
from lossexp.config.job import Job
from lossexp.config.sweep_settings import SWEEP_ONLY
from lossexp.experiment.run_folder import locked
from lossexp.sweeps.failed import SweepFailed
from lossexp.sweeps.jobs import SweepJob, swept
from lossexp.sweeps.note import note
from lossexp.sweeps.screen import counts
from lossexp.sweeps.state import State, failure
from lossexp.sweeps.table import as_text, measured, summary
from lossexp.tracking.sync import SWEEP, send_kept_back
from lossexp.tracking.tracker import Tracker

FOLDER = "sweeps"  # below `output`, with a folder for each sweep


class SweepRun:
    """Attributes: `folder`, with sweep.json, table.csv, table.txt and failures.txt; `run_id`, the store's, or None.

    identity: what makes two sweeps in one folder the same, where it is not their jobs.
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

    @contextmanager
    def open(self) -> Iterator[None]:
        """A block around the jobs: the run ends FINISHED if all of them are finished, else FAILED, and KILLED where the
        sweep is stopped. The same sweep in the same folder continues the same run.

        Raises InputError where the store cannot be used, and SweepFailed at the end where a job is not finished.
        """
        with locked(self.folder), self._tracker:
            self._training = self._known_training() or uuid.uuid4().hex
            self._save()
            tags = {"kind": "sweep", "training": self._training, "command": _command(), "run_dir": str(self.folder)}
            self._tracker.open(run_name=self._name(), run_dir=self.folder, tags=tags)
            self._tracker.params({name: str(value) for name, value in self._asked().items() if value is not None})
            self.add([])
            try:
                yield
            finally:
                states = {job: job.state for job in self._jobs}
                self._report(states)
            if not self._finished(states):
                raise SweepFailed

    def _known_training(self) -> str | None:
        """What the sweep in this folder is known by in the store; None for one that begins."""
        try:
            return json.loads((self.folder / SWEEP).read_text("utf-8"))["training"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def add(self, jobs: Sequence[SweepJob]) -> None:
        """Takes more jobs, of a sweep that does not know all of them before."""
        self._jobs += jobs
        self._save()
        self._tracker.artifact(self.folder / SWEEP)

    def _save(self) -> None:
        listed = [{"name": job.name, "run_key": job.key, "overrides": list(job.overrides)} for job in self._jobs]
        known = {"training": self._training, "run_id": self.run_id}
        content = {"command": _command(), **self._asked(), **known, "jobs": listed}
        with whole(self.folder / SWEEP) as unfinished:
            unfinished.write_text(json.dumps(content, indent=2) + "\n", "utf-8")

    def write(self, name: str, text: str) -> None:
        """A file of the sweep, in its folder and in the store."""
        with whole(self.folder / name) as unfinished:
            unfinished.write_text(text, "utf-8")
        self._tracker.artifact(self.folder / name)

    def _asked(self) -> dict[str, Any]:
        return {name: OmegaConf.to_container(self._config)[name] for name in self.ASKED}

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
        self._send_kept_back()
        if where := self._tracker.where():
            Console(soft_wrap=True, **PLAIN).print(f"look at it:  {where}")

    def _failures(self, states: dict[SweepJob, State]) -> Iterator[str]:
        for job in [job for job, now in states.items() if now == "failed"]:
            log = job.folder / f"{job.config.hydra.job.name}.log"
            where = f" ({log})" if log.is_file() and not job.problem else ""
            yield f"job {job.number}, {job.name}: {job.problem or failure(job.folder)}{where}"

    def _name(self) -> str:
        """The experiment, or what is swept, and the number of jobs: `loss, gamma x seed (12)`."""
        chosen = self._config.hydra.runtime.choices.get("experiment")
        names = swept(self._jobs)
        seeds = " x seed" * ("seed" in names)
        what = ", ".join(name.removeprefix("loss.") for name in names if name != "seed") or "sweep"
        return f"{chosen or what + seeds} ({len(self._jobs)})"


def _command() -> str:
    return f"lossexp {shlex.join(sys.argv[1:])}"
