"""Noise that depends on the example: labels are wrong where a simple classifier is unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lossexp.base.checks import Fraction
from lossexp.datasets.dataset import Split
from lossexp.datasets.noise.noise import Noise
from lossexp.datasets.stored import chunks

FOLDS, SHRINKAGE = 3, 0.1


@dataclass(frozen=True, kw_only=True)
class Instance(Noise):
    """A label is wrong with a probability in proportion to `1 - p_y`, on average `eta`.

    p are the probabilities that linear discriminant analysis, fitted to the clean labels of other examples (in three
    folds), gives the example; a wrong label is drawn by those of the other classes. T is the mean over each class.

    Args:
        eta: in [0, 1].
    """

    eta: Fraction = 0.4

    def flips(
        self, pool: Sequence[Split], names: Sequence[str], rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        y = np.concatenate([split.y for split in pool])
        x = np.concatenate([part.reshape(len(part), -1) for split in pool for part in chunks(split.x)])
        right = np.eye(len(names))[y]
        p = _reference(x.astype(np.float32), y, len(names))
        others = np.where(right, 0.0, p + 1e-9)  # no class is impossible
        others /= others.sum(axis=1, keepdims=True)
        wrong = _with_mean(1 - (p * right).sum(axis=1), self.eta)[:, np.newaxis]
        probabilities = (1 - wrong) * right + wrong * others
        draws = rng.random(len(y))[:, np.newaxis]
        noisy = (np.cumsum(probabilities, axis=1)[:, :-1] <= draws).sum(axis=1)
        counts = right.sum(axis=0)[:, np.newaxis]
        matrix = np.where(counts > 0, right.T @ probabilities / np.maximum(counts, 1), np.eye(len(names)))
        return noisy.astype(y.dtype), matrix


def _reference(x: np.ndarray, y: np.ndarray, num_classes: int) -> np.ndarray:
    """Probabilities `[n, K]` of each example by a classifier that has not seen it."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import cross_val_predict

    present, numbers = np.unique(y, return_inverse=True)
    classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
    p = np.zeros([len(y), num_classes])
    p[:, present] = cross_val_predict(classifier, x, numbers, cv=FOLDS, method="predict_proba")
    return p


def _with_mean(doubt: np.ndarray, mean: float) -> np.ndarray:
    """`min(1, c * doubt)` with the c that gives this mean."""
    doubt, low, high = doubt + 1e-9, 0.0, 2e9
    for _ in range(100):
        c = (low + high) / 2
        low, high = (c, high) if np.minimum(1, c * doubt).mean() < mean else (low, c)
    return np.minimum(1, high * doubt)
