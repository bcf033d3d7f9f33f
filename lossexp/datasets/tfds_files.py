"""A TFDS split as plain files: written once, one batch at a time, and memory-mapped from then on.

TFDS reads its own files from the front only. Written out, any example can be read at any time, so that
training on data that does not fit into memory has the same order for the same seed, and continues exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from lossexp.base.errors import InputError
from lossexp.base.files import whole
from lossexp.datasets.check import check_numbers
from lossexp.datasets.stored import StoredInputs

if TYPE_CHECKING:
    import tensorflow as tf
    from tensorflow_datasets.core import DatasetBuilder

BATCH = 256


def stored_split(
    builder: DatasetBuilder, split: str, folder: Path, read: Callable[[int], tf.data.Dataset]
) -> tuple[StoredInputs | np.ndarray, np.ndarray]:
    """Inputs on disk and labels `[n]` of one split; tables `[n, features]` are small and come into memory.

    folder: TFDS's, where `lossexp/<dataset>/<split>/{x,y}.npy` are written. read: the split in batches of so
    many. Raises InputError where the folder cannot be written, for inputs that are not finite, and where the split
    does not hold as many examples as TFDS says.
    """
    place = folder / "lossexp" / _safe(builder.info.full_name) / _safe(split)
    try:
        if not place.is_dir():  # asked before the lock: files that are there may lie where nobody may write
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(place.parent / ".lock"):
                if not place.is_dir():
                    with whole(place) as unfinished:
                        unfinished.mkdir()
                        _write(builder, split, unfinished, read)
    except OSError as error:
        raise InputError(
            f"dataset.in_memory=false writes {builder.name} to {place}, which failed: {error}. Free some space, name "
            "another folder with dataset.data_dir, or set dataset.in_memory=true."
        ) from error
    x, y = np.load(place / "x.npy", mmap_mode="r"), np.load(place / "y.npy")
    return (StoredInputs(x) if x.ndim > 2 else np.array(x)), y


def _write(builder: DatasetBuilder, split: str, folder: Path, read: Callable[[int], tf.data.Dataset]) -> None:
    from rich.markup import escape
    from rich.progress import track

    count = builder.info.splits[split].num_examples
    files, done = None, 0
    told = escape(f"writing {builder.name} {split} to disk, once")
    for arrays in track(read(BATCH).as_numpy_iterator(), told, total=-(-count // BATCH)):
        if files is None:
            files = [_new(folder / f"{name}.npy", count, array) for name, array in zip("xy", arrays, strict=True)]
        check_numbers(arrays[0], "inputs", f"dataset {builder.name}, {split}")
        for file, array in zip(files, arrays, strict=True):
            file[done : done + len(array)] = array[: max(0, count - done)]
        done += len(arrays[0])
    if done != count:
        raise InputError(
            f"dataset {builder.name}, {split}: TFDS announced {count} examples, but its files gave {done}. They are "
            f"incomplete or of another version: prepare the dataset anew (its folder is {builder.data_dir})."
        )
    for file in files:
        file.flush()


def _new(path: Path, count: int, array: np.ndarray) -> np.memmap:
    return np.lib.format.open_memmap(path, mode="w+", dtype=array.dtype, shape=(count, *array.shape[1:]))


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.%+-]", "_", name)
