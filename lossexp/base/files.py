"""Files and folders that are whole or as they were, and digests that tell one content from another."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = ".lock"  # in the folder of a run, held by the process that is at work on it
UNFINISHED = re.compile(r"\.unfinished-(\d+)\b.*")  # the number of the process; SQLite adds words to a name


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write a file or make a folder under, which takes the place of `path` once the block has ended well.

    Whenever the process is killed, `path` is the old file or the new one; an old folder is, in between, at
    `<path>.before`. One thread of a process at a time may do this in a folder. What processes that are no more left
    unfinished beside `path` is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(path.parent)
    unfinished = path.with_name(f".unfinished-{os.getpid()}{''.join(path.suffixes)}")
    try:
        yield unfinished
        _sync_all(unfinished)
        _put(unfinished, path)
    finally:
        _remove_unfinished(path.parent)


def digest(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(unfinished: Path, path: Path) -> None:
    """Moves a finished file or folder to its place. A folder that is there already is set aside and removed last."""
    aside = path.with_name(f"{path.name}.before")
    if path.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
        os.replace(path, aside)
    os.replace(unfinished, path)
    _sync(path.parent)
    if path.is_dir():
        shutil.rmtree(aside, ignore_errors=True)


def _sync_all(path: Path) -> None:
    """Waits until a file, or a folder with all that is in it, is on the disk."""
    for inner in path.iterdir() if path.is_dir() else ():
        _sync_all(inner)
    _sync(path)


def _sync(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_unfinished(folder: Path) -> None:
    """Removes what this process, or one that is no more, left unfinished."""
    for path in folder.glob(".unfinished-*"):
        found = UNFINISHED.fullmatch(path.name)
        if found and (int(found[1]) == os.getpid() or not _alive(int(found[1]))):
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):  # it was a folder, or is another user's
                path.unlink()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # too large a number is no process either
        return False
    except PermissionError:
        return True  # another user's
    return True
