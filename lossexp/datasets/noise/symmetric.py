"""Symmetric noise: a wrong label is any of the other classes with equal probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossexp.base.checks import Fraction
from lossexp.datasets.noise.noise import Noise
from lossexp.datasets.noise.transition import spread


@dataclass(frozen=True, kw_only=True)
class Symmetric(Noise):
    """Each label is wrong with probability `eta`, whatever the others are.

    Args:
        eta: in [0, 1]. Labels tell nothing at `eta = 1 - 1/K`.
    """

    eta: Fraction = 0.4

    def matrix(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        return spread(np.full(len(names), self.eta))


@dataclass(frozen=True, kw_only=True)
class SymmetricExact(Symmetric):
    """Of each class `int(eta * n_c)` labels are wrong, no more and no fewer.

    At high `eta` a frequent class is then less likely to be named by its own examples than by all others together.
    """

    def matrix(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        return spread(self._wrong(counts) / np.maximum(counts, 1))

    def flipped(self, y: np.ndarray, matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        wrong = self._wrong(np.bincount(y, minlength=len(matrix)))
        chosen = [rng.permutation(np.flatnonzero(y == k))[:n] for k, n in enumerate(wrong)]
        return _moved(y, np.concatenate(chosen), len(matrix), rng)

    def _wrong(self, counts: np.ndarray) -> np.ndarray:
        return np.array([int(self.eta * n) for n in counts.tolist()])


@dataclass(frozen=True, kw_only=True)
class SymmetricTotal(Symmetric):
    """Of all `n` labels `int(eta * n)` are wrong, whatever their class."""

    def matrix(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        n = int(counts.sum())
        return spread(np.full(len(names), int(self.eta * n) / n))

    def flipped(self, y: np.ndarray, matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return _moved(y, rng.permutation(len(y))[: int(self.eta * len(y))], len(matrix), rng)


def _moved(y: np.ndarray, chosen: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Labels with those at the positions `chosen` moved to any other class."""
    noisy = y.copy()
    noisy[chosen] = (y[chosen] + rng.integers(1, k, len(chosen))) % k
    return noisy
