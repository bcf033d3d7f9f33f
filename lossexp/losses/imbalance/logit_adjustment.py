"""Logits shifted or scaled by class frequency while training (Menon et al. 2021 and relatives).

A frequent class is given a head start in the loss, so that the raw logits, which alone predict, become
those of balanced classes.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf

from lossexp.base.checks import NonNegative
from lossexp.losses.base.counts import CountsLoss
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.log_probabilities import centered, log_softmax


@register
class VS(CountsLoss, MulticlassLoss):
    """Vector-scaling loss: `-log softmax(z (n / max n)^gamma + tau log(n / N))_y`.

    Kini et al. 2021, "Label-Imbalanced and Group-Sensitive Classification under Overparameterization",
    equation 2. Predict from the raw z.

    Args:
        gamma: >= 0; strength of the scaling, 0 is the logit-adjusted loss.
        tau: >= 0; strength of the shift.
    """

    gamma: NonNegative = 0.3
    tau: NonNegative = 1.0

    def values(self, targets, logits):
        counts = self.counts(logits)
        if self.gamma:
            logits *= np.float32((counts / counts.max()) ** self.gamma)
        # Centred first: next to a logit of 1000 the shift would lose its digits.
        adjusted = centered(logits) + np.float32(self.tau * np.log(counts / counts.sum()))
        return -tf.reduce_sum(targets * log_softmax(adjusted), axis=-1)


@register
class LogitAdjusted(VS):
    """Logit-adjusted cross-entropy: `-log softmax(z + tau log(n / N))_y`.

    Menon et al. 2021, "Long-tail learning via logit adjustment", equation 10. Predict from the raw z.

    Args:
        tau: >= 0; 0 is cross-entropy, 1 is consistent for the balanced error.
    """

    gamma: ClassVar[float] = 0.0


@register
class BalancedSoftmax(LogitAdjusted):
    """Balanced softmax: `-log softmax(z + log n)_y`, the logit-adjusted loss at tau = 1.

    Ren et al. 2020, "Balanced Meta-Softmax for Long-Tailed Visual Recognition". Predict from the raw z.
    """

    tau: ClassVar[float] = 1.0
