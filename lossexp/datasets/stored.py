"""Inputs that stay on disk: read as they are asked for, and float32 to everyone who asks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CHUNK_BYTES = 64 * 2**20


class StoredInputs:
    """Rows of a memory-mapped array, chosen and ordered by position, in the place of an array of inputs.

    Indexing by a number, a slice or positions gives float32 arrays as `as_inputs` makes them. `shape`, `dtype` and
    `nbytes` are those of all these rows together. The file's numbers are checked when it is opened, not again.

    file: `[n, height, width]` or `[n, height, width, channels]`, memory-mapped. positions: `[m]` rows of it.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, file: np.memmap, positions: np.ndarray | None = None):
        self.file = file
        self.positions = np.arange(len(file)) if positions is None else positions

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, index: int | slice | np.ndarray) -> np.ndarray:
        if np.ndim(index) == 0 and not isinstance(index, slice):
            row = self.positions[index]  # counts from the end where negative, and refuses what is out of range
            return as_inputs(self.file[row : row + 1])[0]
        return as_inputs(self.file[self.positions[index]])

    @property
    def shape(self) -> tuple[int, ...]:
        channel = (1,) if self.file.ndim == 3 else ()
        return (len(self), *self.file.shape[1:], *channel)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def rows(self, positions: np.ndarray) -> StoredInputs:
        """The inputs at `positions` of these, still on disk."""
        return StoredInputs(self.file, self.positions[positions])


def as_inputs(x: np.ndarray) -> np.ndarray:
    """Inputs as float32: images `[n, height, width]` gain a channel axis, and uint8 images become [0, 1]."""
    if x.ndim == 3:
        x = x[..., None]
    if x.dtype == np.uint8 and x.ndim > 2:
        return x.astype(np.float32) / np.float32(255)
    return x.astype(np.float32)


def chunks(x: np.ndarray | StoredInputs) -> Iterator[np.ndarray]:
    """All rows in order, some megabytes at a time."""
    count = max(1, CHUNK_BYTES // max(1, x.nbytes // max(1, len(x))))
    return (x[start : start + count] for start in range(0, len(x), count))


def rows(x: np.ndarray | StoredInputs, positions: np.ndarray) -> np.ndarray | StoredInputs:
    """`x[positions]`, on disk where `x` is."""
    return x.rows(positions) if isinstance(x, StoredInputs) else x[positions]
