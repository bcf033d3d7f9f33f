"""Sends what runs kept in their folders to the store that should have it, without TensorFlow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from filelock import FileLock, Timeout

from lossexp.base.errors import InputError
from lossexp.base.files import LOCK
from lossexp.tracking.breaker import summary
from lossexp.tracking.journal import FILE_NAME, Journal, Opening
from lossexp.tracking.metrics_file import FILE_NAME as METRICS
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_runs import join_by_journal
from lossexp.tracking.mlflow_store import Unreachable
from lossexp.tracking.uri import resolve_uri, sqlite_path, without_password

SWEEP = "sweep.json"  # in the folder of a sweep's own run
Sweeps = dict[tuple[str, str], list[str]]  # by URI of the store, and MLflow run


class Sent(NamedTuple):
    """What became of a run. said: in words, such as `sent 120 points, 9 artifacts`, or why it failed."""

    folder: Path
    outcome: Literal["sent", "up to date", "at work", "failed"]
    said: str


def run_folders(folder: Path) -> list[Path]:
    """The folders of tracked runs, in and below `folder`. Raises InputError where there is none."""
    found = sorted(file.parent for file in folder.rglob(FILE_NAME))
    if not found:
        raise InputError(
            f"No run in or below {folder} has a {FILE_NAME}, which runs with tracking=mlflow write. Name the folder of "
            "a run, or the one that runs are in (the setting output; runs by default)."
        )
    return found


def send_kept_back(folders: Iterable[Path], uri: str | None) -> Iterator[Sent]:
    """`sync` for those of the folders' runs that no store is known to have whole; nothing where `uri`, the store of
    whoever asks, is None."""
    return sync((folder for folder in folders if Journal(folder).kept_back), uri) if uri else iter(())


def sync(folders: Iterable[Path], uri: str | None = None) -> Iterator[Sent]:
    """Sends what the store lacks of the runs in these folders, and says of each that was tracked what became of it.

    uri: the store; None is the one that each run was told of, or `$MLFLOW_TRACKING_URI` where a password was part of
    it. A store that does not answer is asked once. Sweeps are sent first: one that no store had heard of when its jobs
    began has them below it afterwards.
    """
    down: dict[str, str] = {}
    sweeps: Sweeps = {}
    for journal in map(Journal, sorted(folders, key=lambda folder: not (folder / SWEEP).exists())):
        if not journal.path.exists():
            continue
        try:
            with FileLock(journal.run_dir / LOCK, timeout=0):
                yield _send(journal, uri, down, sweeps)
        except Timeout:
            yield Sent(journal.run_dir, "at work", "left alone: a process is at work on it")


def _send(journal: Journal, uri: str | None, down: dict[str, str], sweeps: Sweeps) -> Sent:
    """down: why a store does not answer, by its URI. sweeps: those that were sent, with the run keys of their jobs."""
    folder = journal.run_dir
    try:
        tracker = _tracker(journal.opening, uri)
        if tracker.uri in down:
            return Sent(folder, "failed", down[tracker.uri])
        if not journal.ended:  # its process was killed, soon after it last wrote
            written = [file.stat().st_mtime for file in (journal.path, folder / METRICS) if file.exists()]
            journal.add("status", "KILLED", max(written))
        key = journal.tags.get("run_key")
        for (store, sweep), jobs in sweeps.items():
            if store == tracker.uri and key in jobs:
                join_by_journal(journal, sweep)
        outbox = tracker.send(journal)
        if jobs := _jobs(folder, outbox.run_id):
            sweeps[tracker.uri, outbox.run_id] = jobs
    except Unreachable as error:
        down[tracker.uri] = f"failed: {str(error).split('. ')[0]}"  # without what a training may do instead
        return Sent(folder, "failed", down[tracker.uri])
    except Exception as error:  # of a journal that somebody edited, or of files that cannot be read
        return Sent(folder, "failed", f"failed: {summary(error)}")
    if outbox.fault:
        return Sent(folder, "failed", f"failed: {outbox.fault}")
    if not outbox.sent:
        return Sent(folder, "up to date", "up to date")
    return Sent(folder, "sent", f"sent {outbox.sent['points']} points, {outbox.sent['artifact']} artifacts")


def _jobs(folder: Path, run_id: str) -> list[str]:
    """The run keys of a sweep's jobs; none for another run, and for a sweep with another run in another store."""
    file = folder / SWEEP
    sweep = json.loads(file.read_text("utf-8")) if file.is_file() else {"run_id": "none"}
    jobs = sweep["jobs"] if sweep["run_id"] in (None, run_id) else []
    return [job["run_key"] for job in jobs if job["run_key"]]


def _tracker(opening: Opening | None, uri: str | None) -> MLflowTracker:
    """What sends to the store of a run. Where artifacts are kept is for the run to say only of the store it names."""
    if opening is None:
        raise InputError(f"its {FILE_NAME} cannot be read; the run's command writes it anew")
    told = opening.uri
    if not uri and ":***@" in told:
        uri = os.environ.get("MLFLOW_TRACKING_URI")
        if not uri:
            raise InputError(f"the password of {told} is not kept; give --uri, or set MLFLOW_TRACKING_URI")
    if without_password(uri or told) == told:
        return _store(uri or told, opening.experiment, opening.artifact_location)
    uri = resolve_uri(uri, Path.cwd())
    database = sqlite_path(uri)
    return _store(uri, opening.experiment, root=database.parent if database else None)


_store = cache(MLflowTracker)  # many runs go to one
