"""Weights per class: given, or computed from the training split's counts. float64 NumPy, on the host."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def balanced(class_counts: Sequence[int]) -> np.ndarray:
    """`N / (K n_c)` `[K]`: every class gets the same total weight and the mean weight of an example is 1."""
    counts = np.asarray(class_counts, np.float64)
    return counts.sum() / (len(counts) * counts)


def effective_number(class_counts: Sequence[int], beta: float = 0.9999) -> np.ndarray:
    """`(1 - beta) / (1 - beta^n_c)` `[K]`, scaled to sum to K (Cui et al. 2019, equation 11).

    beta in [0, 1): 0 gives equal weights, beta towards 1 gives weights proportional to 1 / n_c.
    """
    counts = np.asarray(class_counts, np.float64)
    if beta == 0.0:
        return np.ones(len(counts))
    # 1 - beta^n loses all digits when beta is near 1; expm1 and log1p keep them.
    weights = (1.0 - beta) / -np.expm1(counts * np.log1p(beta - 1.0))
    return weights * len(counts) / weights.sum()


COMPUTED = {"balanced": balanced, "effective_number": effective_number}
