"""How far probabilities can be believed."""

from __future__ import annotations

import numpy as np

BINS = 15


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Brier score as in Brier (1950): squared errors summed over all classes, averaged over examples.

    Between 0 and 2; for two classes twice the one-sided score that is common today. `[n, K]`, `[n]`.
    """
    onehot = np.eye(probabilities.shape[1])[labels]
    return float(np.mean(np.sum((probabilities - onehot) ** 2, axis=1)))


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Mean |accuracy - confidence| over equal-width bins of the confidence, weighted by their size.

    Confidence is the probability of the predicted class; bins are closed above (Guo et al. 2017).
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
