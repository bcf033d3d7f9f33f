"""Examples of a stream as plain files: written once, a batch at a time, and memory-mapped from then on.

A stream is read from the front only. Written out, any example can be read at any time, so that training on data that
does not fit into memory has the same order for the same seed, and continues exactly.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from filelock import FileLock

from lossexp.base.errors import InputError
from lossexp.base.files import whole
from lossexp.datasets.check import check_numbers
from lossexp.datasets.dataset import Split
from lossexp.datasets.stored import StoredInputs


def once(place: Path, write: Callable[[Path], None]) -> None:
    """Makes the folder `place`, whole or not at all, by `write`, unless it is there: in one process at a time."""
    if place.is_dir():  # asked before the lock: files that are there may lie where nobody may write
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.parent / ".lock"):
        if not place.is_dir():
            with whole(place) as unfinished:
                unfinished.mkdir()
                write(unfinished)


def write_examples(
    folder: Path, batches: Iterable[tuple[np.ndarray, ...]], told: str, total: int | None, where: str
) -> int:
    """Writes `x.npy`, `y.npy` and perhaps `sample_weight.npy`, and returns the number of examples.

    batches: tuples `(x, y)` or `(x, y, sample_weight)`, each `[batch, ...]`. told: what the progress bar says. total:
    batches to come, where that is known. Raises InputError, from `where`, for inputs that are not finite or whose
    shapes differ, and for a stream without end.
    """
    from rich.markup import escape
    from rich.progress import track

    room, x, others = shutil.disk_usage(folder).free / 2, None, []
    try:
        for inputs, *rest in track(batches, escape(told), total=total):
            check_numbers(inputs, "inputs", where)
            x = x or GrowingFile(folder / "x.npy", inputs, where)
            x.append(inputs)
            others.append(rest)
            if x.nbytes > room:
                raise InputError(
                    f"{where}: {x.count} examples fill half of the free disk, and there are more. Does the stream end? "
                    "End it with dataset.take(n), or name a folder with more room: dataset.data_dir."
                )
    finally:
        if x:
            x.close()
    for name, parts in zip(("y", "sample_weight"), zip(*others, strict=True)):
        np.save(folder / f"{name}.npy", np.concatenate(parts))
    return x.count if x else 0


def read_examples(place: Path) -> Split:
    """What `write_examples` wrote: tables `[n, features]` are small and come into memory, other inputs stay on disk."""
    x, weights = np.load(place / "x.npy", mmap_mode="r"), place / "sample_weight.npy"
    return Split(
        StoredInputs(x) if x.ndim > 2 else np.array(x),
        np.load(place / "y.npy"),
        np.load(weights) if weights.exists() else None,
    )


class GrowingFile:
    """An `.npy` file to which rows of one shape and dtype are added. like: an array of such rows."""

    def __init__(self, path: Path, like: np.ndarray, where: str):
        self.count, self.nbytes = 0, 0
        self._row, self._dtype, self._where = like.shape[1:], like.dtype, where
        self._file = path.open("wb")
        self._write_header()

    def append(self, rows: np.ndarray) -> None:
        if rows.shape[1:] != self._row or rows.dtype != self._dtype:
            raise InputError(
                f"{self._where}: inputs of shape {rows.shape[1:]} and dtype {rows.dtype} follow those of shape "
                f"{self._row} and dtype {self._dtype}. Give all examples one shape and dtype."
            )
        self._file.write(np.ascontiguousarray(rows).data)
        self.count, self.nbytes = self.count + len(rows), self.nbytes + rows.nbytes

    def close(self) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        # NumPy leaves room in it for the first axis to grow.
        shape = (self.count, *self._row)
        header = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)
