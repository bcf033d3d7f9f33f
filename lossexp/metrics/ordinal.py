"""Metrics of ordered classes: those of classes, and how far a predicted class is from the true one."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import cohen_kappa_score

from lossexp.metrics.classification import Classes


class OrderedClasses(Classes):
    """Raw outputs `[n, width]` and class numbers `[n]`, in the order of the classes."""

    def scores(self):
        of_classes = super().scores()
        predicted, labels = self.predicted(), self.labels.astype(int)
        kappa = quadratic_kappa(predicted, labels)
        return {"rank_mae": rank_mae(predicted, labels), "quadratic_kappa": kappa, **of_classes}

    def quick_scores(self):
        return {"rank_mae": rank_mae(self.predicted(), self.labels), **super().quick_scores()}


def rank_mae(predicted: np.ndarray, labels: np.ndarray) -> float:
    """The mean distance between predicted and true class number, `[n]` each."""
    return float(np.mean(np.abs(predicted - labels)))


def quadratic_kappa(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Cohen's kappa with quadratic weights (Cohen 1968), of class numbers `[n]`.

    1 for perfect agreement, 0 for that of chance; NaN where all labels and predictions are one class, as chance agrees
    then too.
    """
    if np.union1d(labels, predicted).size == 1:
        return float("nan")
    classes = np.arange(max(labels.max(), predicted.max()) + 1)
    return float(cohen_kappa_score(labels, predicted, labels=classes, weights="quadratic"))
