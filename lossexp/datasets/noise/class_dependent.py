"""Noise that depends on the class: labels move to the next class, by a map, or by any matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossexp.base.checks import ClassMoves, Fraction
from lossexp.datasets.noise.noise import Noise
from lossexp.datasets.noise.transition import as_matrix


@dataclass(frozen=True, kw_only=True)
class PairFlip(Noise):
    """Each label becomes the next class, of the last one the first, with probability `eta` (Han et al. 2018).

    Args:
        eta: in [0, 1]. From 0.5 on a label is more often wrong than right.
    """

    eta: Fraction = 0.4

    def matrix(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        right = np.eye(len(names))
        return (1 - self.eta) * right + self.eta * np.roll(right, 1, axis=1)


@dataclass(frozen=True, kw_only=True)
class Asymmetric(Noise):
    """Labels of classes in `map` become what it says with probability `eta`; others stay (Patrini et al. 2017).

    Args:
        map: such as `{7: 1, 2: 7, 3: 8, 5: 6, 6: 5}`: classes by name, or by number from 0 where none is called so.
        eta: in [0, 1].
    """

    map: dict[int | str, int | str]
    eta: Fraction = 0.4

    def matrix(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        return as_matrix({old: {new: self.eta} for old, new in self.map.items()}, names, "noise.map")


@dataclass(frozen=True, kw_only=True)
class ByMatrix(Noise):
    """Each label is drawn by its class's row of any matrix T.

    Args:
        T: K rows of K numbers in [0, 1] that sum to 1; or a file with them, `.npy` or `.csv`; or
            `{7: {1: 0.4}, 5: {6: 0.2, 8: 0.1}}`: where the labels of a class move to, with which probability.
    """

    T: ClassMoves

    def matrix(self, counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
        return as_matrix(self.T, names, "noise.T")
