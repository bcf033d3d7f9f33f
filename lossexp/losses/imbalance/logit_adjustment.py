"""Logits shifted or scaled by class frequency while training (Menon et al. 2021 and relatives).

A frequent class is given a head start in the loss, so that the raw logits, which alone predict, become
those of balanced classes.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lossexp.base.checks import NonNegative
from lossexp.losses.base.counts import CountsLoss, checked, constant
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.cross_entropy.cross_entropy import cross_entropy
from lossexp.losses.numerics.log_probabilities import centered


def logit_adjusted(y_true, logits, class_counts, tau: float = 1.0) -> tf.Tensor:
    """Cross-entropy of `z + tau log(n / N)`, `[...]` float32, logits z `[..., K]`."""
    return vs(y_true, logits, class_counts, gamma=0.0, tau=tau)


def balanced_softmax(y_true, logits, class_counts) -> tf.Tensor:
    """Cross-entropy of `z + log n`, `[...]` float32, logits z `[..., K]`."""
    return logit_adjusted(y_true, logits, class_counts)


def vs(y_true, logits, class_counts, gamma: float = 0.3, tau: float = 1.0) -> tf.Tensor:
    """Cross-entropy of `z (n / max n)^gamma + tau log(n / N)`, `[...]` float32, logits z `[..., K]`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    counts = checked(class_counts, logits)
    if gamma:
        logits *= constant((counts / counts.max()) ** gamma)
    # Centred first: next to a logit of 1000 the shift would lose its digits.
    logits = centered(logits) + constant(tau * np.log(counts / counts.sum()))
    return cross_entropy(targets, logits)


@register
class LogitAdjusted(CountsLoss):
    """Logit-adjusted cross-entropy: `-log softmax(z + tau log(n / N))_y`.

    Menon et al. 2021, "Long-tail learning via logit adjustment", equation 10. Predict from the raw z.

    Args:
        tau: >= 0; 0 is cross-entropy, 1 is consistent for the balanced error.
        class_counts: training examples per class, or None until `adapt`.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range; a class without examples; no counts when a value is asked for.
    """

    tau: NonNegative = 1.0

    def values(self, targets, logits):
        return logit_adjusted(targets, logits, self.counts(logits), self.tau)


@register
class BalancedSoftmax(CountsLoss):
    """Balanced softmax: `-log softmax(z + log n)_y`, the logit-adjusted loss at tau = 1.

    Ren et al. 2020, "Balanced Meta-Softmax for Long-Tailed Visual Recognition". Predict from the raw z.

    Args:
        class_counts: training examples per class, or None until `adapt`.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: as `LogitAdjusted`.
    """

    def values(self, targets, logits):
        return balanced_softmax(targets, logits, self.counts(logits))


@register
class VS(CountsLoss):
    """Vector-scaling loss: `-log softmax(z (n / max n)^gamma + tau log(n / N))_y`.

    Kini et al. 2021, "Label-Imbalanced and Group-Sensitive Classification under Overparameterization",
    equation 2. Predict from the raw z.

    Args:
        gamma: >= 0; strength of the scaling, 0 is the logit-adjusted loss.
        tau: >= 0; strength of the shift.
        class_counts: training examples per class, or None until `adapt`.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: as `LogitAdjusted`.
    """

    gamma: NonNegative = 0.3
    tau: NonNegative = 1.0

    def values(self, targets, logits):
        return vs(targets, logits, self.counts(logits), self.gamma, self.tau)
