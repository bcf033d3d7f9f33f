"""Scores of predicted probabilities: the Brier score, and the calibration error."""

from __future__ import annotations

import numpy as np

BINS = 15


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The Brier score of Brier (1950): squared errors, summed over all classes and averaged over examples.

    It is between 0 and 2, and for two classes twice the one-sided score that is common today. probabilities:
    `[n, K]`. labels: class numbers `[n]`.
    """
    onehot = np.eye(probabilities.shape[1])[labels]
    return float(np.mean(np.sum((probabilities - onehot) ** 2, axis=1)))


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """The mean |accuracy - confidence| over bins of equal width of the confidence, weighted by their size.

    Confidence is the probability of the predicted class; bins are closed above (Guo et al. 2017). probabilities:
    `[n, K]`. labels: class numbers `[n]`.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
