"""Words for an error by its kind: `words`, to which `config_files` and `settings` add; memory and disk."""

from __future__ import annotations

import os
import re
import traceback
from functools import singledispatch
from pathlib import Path
from typing import Any

from lossexp.base.blame import WORKER_IS_GONE


def local(error: BaseException, name: str) -> Any:
    """The variable `name` of the innermost function on the error's way that has one; None where none has."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if name in frame.f_locals]
    return frames[-1].f_locals[name] if frames else None


@singledispatch
def words(error: BaseException) -> str | None:
    """What to say of an error of this kind; None where its message has to do."""
    # TensorFlow's, which is not imported here.
    if WORKER_IS_GONE in str(error):
        return worker_is_gone(error)
    return memory_is_full(error) if type(error).__name__ == "ResourceExhaustedError" else disk_is_full(error)


def worker_is_gone(error: BaseException) -> str:
    reason = re.search(rf"{WORKER_IS_GONE} by: ([^\n]*)", str(error))
    return (
        f"Another worker of this run has ended, so this one cannot go on{f' ({reason[1]})' if reason else ''}. Its own "
        "last words say why: what it printed, or lossexp.log in the run's folder or in worker-1, worker-2, ... there. "
        "Give the same command on all workers again; the run continues from its last checkpoint."
    )


FULL = re.compile("No space left on device|Disk quota exceeded|database or disk is full")


def disk_is_full(error: BaseException) -> str | None:
    """Words for a full disk, or share of it; h5py, SQLite and MLflow tell so somewhere in their messages only."""
    found = FULL.search(os.strerror(getattr(error, "errno", None) or 0)) or FULL.search(str(error))
    place = f" for {error.filename}" if isinstance(error, OSError) and error.filename else ""
    return found and (
        f"The disk refuses to take more: {found[0]}{place}. Make room and give the same command again; it continues "
        "from the last checkpoint. Or name a folder elsewhere with output=my_folder."
    )


@words.register
def _(error: OSError) -> str | None:
    if full := disk_is_full(error):
        return full
    folder, file = local(error, "output_dir") or local(error, "sweep_dir"), error.filename  # Hydra's
    if folder and file and (_inside(file, folder) or _inside(folder, file)):
        return f"output: the run's folder cannot be written: {error}. Name another one with output=my_folder."
    return None


def _inside(path: str | Path, folder: str | Path) -> bool:
    return Path(path).absolute().is_relative_to(Path(folder).absolute())


@words.register(MemoryError)
def memory_is_full(error: Exception) -> str:
    asked = re.search(r"tensor with shape\s?\[[\d,]*\]|Unable to allocate .*", str(error))
    what = f" ({asked[0]})" if asked else ""
    return f"There is not enough memory{what}. Make the model, such as model.hidden, or trainer.batch_size smaller."
