"""Normalised losses: a loss divided by its sum over all possible labels, robust to uniform label noise."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_probabilities
from lossexp.losses.numerics.masked import is_idle


def nce(y_true, logits) -> tf.Tensor:
    """`sum_k t_k log p_k / sum_k log p_k`, `[...]` float32; see `NCE`."""
    return nfl(y_true, logits, gamma=0.0)


def nfl(y_true, logits, gamma: float = 0.5, detach: bool = False) -> tf.Tensor:
    """`sum_k t_k FL_k / sum_k FL_k`, `FL_k = -(1 - p_k)^gamma log p_k`, `[...]` float32; see `NFL`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    factor = tf.exp(gamma * log_not_p)
    losses = -log_p * (tf.stop_gradient(factor) if detach else factor)
    losses = tf.where(is_idle(targets, logits), 0.0, losses)  # masked classes are in neither sum
    total = tf.reduce_sum(losses, axis=-1)
    only = tf.equal(total, 0.0)  # one class is left: the ratios of one class sum to 1 too
    return tf.where(only, 1.0, tf.reduce_sum(targets * losses, axis=-1) / tf.where(only, 1.0, total))


@register
class NCE(MulticlassLoss):
    """Normalised cross-entropy on softmax logits: `sum_k t_k log p_k / sum_k log p_k`, in [0, 1].

    Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels". The values of
    all K possible labels sum to 1.

    Args:
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return nce(targets, logits)


@register
class NFL(MulticlassLoss):
    """Normalised focal loss on softmax logits: `sum_k t_k FL_k / sum_k FL_k`, `FL = -(1 - p)^gamma log p`.

    Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels".

    Args:
        gamma: >= 0; 0 is normalised cross-entropy.
        detach: no gradient through the factor (1 - p)^gamma, as in the authors' code (not in their formula).
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma: NonNegative = 0.5
    detach: bool = False

    def values(self, targets, logits):
        return nfl(targets, logits, self.gamma, self.detach)
