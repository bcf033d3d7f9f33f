"""Equalization loss: K sigmoid outputs, the rare ones shielded from being negatives (Tan et al. 2020)."""

from __future__ import annotations

import numpy as np

from lossexp.base.checks import Count, Fraction
from lossexp.losses.base.counts import CountsLoss
from lossexp.losses.base.loss import register
from lossexp.losses.base.one_vs_rest import OneVsRest


@register
class EQL(CountsLoss, OneVsRest):
    """Equalization loss: `sum_k (1 - [n_k / N < threshold] (1 - t_k)) BCE(z_k, t_k)`.

    The sum of K binary cross-entropies, without the negatives of rare classes. Tan et al. 2020, "Equalization Loss
    for Long-Tailed Object Recognition", equations 2 and 3, where every example is foreground.

    Args:
        threshold: in [0, 1], the fraction of the training examples below which a class is rare; 0 is the sum of
            binary cross-entropies. The default is the paper's for 1230 classes.
        examples: N; None is the sum of `class_counts`, as where each example has one label. An experiment on several
            labels an example gives it.
    """

    zero_counts = True

    threshold: Fraction = 0.00176
    examples: Count | None = None

    def formula(self, t, log_p, log_q):
        counts = self.counts(t)
        rare = np.float32(counts / self.total < self.threshold)
        return (rare * (1.0 - t) - 1.0) * (t * log_p + (1.0 - t) * log_q)
