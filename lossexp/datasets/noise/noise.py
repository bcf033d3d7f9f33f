"""What all kinds of label noise share: a matrix of probabilities, and labels that are drawn by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossexp.base.checks import FromZero, check_fields
from lossexp.datasets.dataset import Split


@dataclass(frozen=True, kw_only=True)
class Noise:
    """A kind of label noise. Each has `matrix`, or draws in a way of its own.

    Args:
        val: whether validation labels are wrong as well, as in published tables; test labels never are.
        before_split: whether training and validation labels are flipped as one set of examples rather than each alone.
        seed: of the flips; None is the run's seed.
    """

    val: bool = True
    before_split: bool = False
    seed: FromZero | None = None

    def __post_init__(self):
        check_fields(self, "noise")

    def matrix(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """T, `[K, K]`: in row k the probabilities of each label for an example of class k.

        counts: examples of each class, `[K]`. names: of the classes. Raises InputError for a setting that does not
        fit them.
        """
        raise NotImplementedError

    def flipped(self, y: np.ndarray, matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The noisy labels of examples of the classes `y`, `[n]`: each drawn by its class's row of the matrix."""
        draws, noisy = rng.random(len(y)), y.copy()
        for k, row in enumerate(np.cumsum(matrix, axis=1)):
            of_class = y == k
            noisy[of_class] = np.searchsorted(row / row[-1], draws[of_class], side="right")
        return noisy

    def flips(
        self, pool: Sequence[Split], names: Sequence[str], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Noisy labels of all examples of some splits, one after the other, `[n]`, and the matrix `[K, K]`."""
        y = np.concatenate([split.y for split in pool])
        matrix = self.matrix(np.bincount(y, minlength=len(names)), names)
        return self.flipped(y, matrix, rng), matrix
