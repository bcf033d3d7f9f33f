"""What became of a job, as its run's folder tells, whichever process or machine it runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from lossexp.base.files import LOCK
from lossexp.config.failures import FAILED
from lossexp.experiment.run_folder import Record, read_record

State = Literal["finished", "failed", "running", "interrupted", "to do"]


def state(folder: Path) -> State:
    """Of the run in this folder: `interrupted` was begun and will be continued."""
    return ended(folder) or ("running" if _at_work(folder) else "interrupted" if _record(folder) else "to do")


def ended(folder: Path) -> Literal["finished", "failed"] | None:
    """How the job ended; None where it has not."""
    if (folder / FAILED).is_file():
        return "failed"
    record = _record(folder)
    return "finished" if record and record.stage == "closed" else None


def begin(folder: Path) -> None:
    """Makes the folder ready for another process, without what an earlier attempt says."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FAILED).unlink(missing_ok=True)


def failure(folder: Path) -> str:
    """Why the job failed, in one line; empty where it did not."""
    try:
        return (folder / FAILED).read_text("utf-8").strip()
    except FileNotFoundError:  # another process has begun to try again
        return ""


def tell_of_loss(folder: Path, reason: str) -> None:
    """Of a job whose process had no time to say why it failed."""
    if not (folder / FAILED).is_file():
        (folder / FAILED).write_text(f"{reason}\n", "utf-8")


def _record(folder: Path) -> Record | None:
    return read_record(folder) if folder.is_dir() else None


def _at_work(folder: Path) -> bool:
    lock = folder / LOCK
    if not lock.is_file():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True
