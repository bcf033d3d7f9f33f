"""A TFDS split as plain files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Split
from lossexp.datasets.store import once, read_examples, write_examples

if TYPE_CHECKING:
    import tensorflow as tf
    from tensorflow_datasets.core import DatasetBuilder

BATCH = 256


def stored_split(builder: DatasetBuilder, split: str, folder: Path, read: Callable[[int], tf.data.Dataset]) -> Split:
    """Inputs on disk and labels of one split.

    folder: TFDS's, where `lossexp/<dataset>/<split>/{x,y}.npy` are written. read: the split in batches of so
    many. Raises InputError where the folder cannot be written, for inputs that are not finite, and where the split
    does not hold as many examples as TFDS says.
    """
    place = folder / "lossexp" / _safe(builder.info.full_name) / _safe(split)
    count = builder.info.splits[split].num_examples

    def write(unfinished: Path) -> None:
        told, where = f"writing {builder.name} {split} to disk, once", f"dataset {builder.name}, {split}"
        done = write_examples(unfinished, read(BATCH).as_numpy_iterator(), told, -(-count // BATCH), where)
        if done != count:
            raise InputError(
                f"{where}: TFDS announced {count} examples, but its files gave {done}. They are incomplete or of "
                f"another version: prepare the dataset anew (its folder is {builder.data_dir})."
            )

    try:
        once(place, write)
    except OSError as error:
        raise InputError(
            f"dataset.in_memory=false writes {builder.name} to {place}, which failed: {error}. Free some space, name "
            "another folder with dataset.data_dir, or set dataset.in_memory=true."
        ) from error
    return read_examples(place)


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.%+-]", "_", name)
