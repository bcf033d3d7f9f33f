"""Inputs that stay on disk: read as they are asked for, in the dtype in which the model takes them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CHUNK_BYTES = 64 * 2**20


class StoredInputs:
    """Rows of a memory-mapped array, chosen and ordered by position, in the place of an array of inputs.

    Indexing by a number, a slice or positions gives arrays of `dtype`. `shape` and `nbytes` are those of all these
    rows together. The file's numbers are checked when it is opened, not again.

    file: `[n, ...]`, memory-mapped. positions: `[m]` rows of it. dtype: of what is read; None is the file's own.
    """

    def __init__(self, file: np.memmap, positions: np.ndarray | None = None, dtype: np.dtype | None = None):
        self.file = file
        self.positions = np.arange(len(file)) if positions is None else positions
        self.dtype = np.dtype(dtype or file.dtype)

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: int | slice | np.ndarray) -> np.ndarray:
        return np.asarray(self.file[self.positions[index]], self.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self.file.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def rows(self, positions: np.ndarray) -> StoredInputs:
        """The inputs at `positions` of these, still on disk."""
        return StoredInputs(self.file, self.positions[positions], self.dtype)

    def astype(self, dtype: np.dtype, copy: bool = False) -> StoredInputs:
        """The same inputs, read as `dtype`. copy: as an array's method takes it; nothing is copied."""
        return StoredInputs(self.file, self.positions, dtype)


def chunks(x: np.ndarray | StoredInputs) -> Iterator[np.ndarray]:
    """All rows in order, some megabytes at a time."""
    count = max(1, CHUNK_BYTES // max(1, x.nbytes // max(1, len(x))))
    return (x[start : start + count] for start in range(0, len(x), count))


def rows(x: np.ndarray | StoredInputs, positions: np.ndarray) -> np.ndarray | StoredInputs:
    """`x[positions]`, on disk where `x` is."""
    return x.rows(positions) if isinstance(x, StoredInputs) else x[positions]
