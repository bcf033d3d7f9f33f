"""Focal losses whose focus depends on the prediction, for calibrated probabilities."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Between, NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_probabilities


def flsd53(y_true, logits, gamma_low: float = 5.0, gamma_high: float = 3.0, threshold: float = 0.2) -> tf.Tensor:
    """`sum_k t_k (1 - p_k)^gamma_k (-log p_k)`, `[...]` float32; see `FLSD53`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    gamma = tf.where(tf.exp(log_p) < threshold, gamma_low, gamma_high)
    return -tf.reduce_sum(targets * tf.exp(gamma * log_not_p) * log_p, axis=-1)


def dual_focal(y_true, logits, gamma: float = 5.0) -> tf.Tensor:
    """`(1 - p_y + p_j)^gamma (-log p_y)`, p_j the largest probability below p_y, `[...]`; see `DualFocal`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    cross_entropy = -tf.reduce_sum(targets * log_p, axis=-1)
    not_p_y = tf.reduce_sum(targets * tf.exp(log_not_p), axis=-1)
    level = tf.reduce_sum(targets * logits, axis=-1, keepdims=True)  # compares exactly where p has underflowed
    p_j = tf.reduce_max(tf.where(logits < level, tf.exp(log_p), 0.0), axis=-1)
    # (1 - p_y + p_j)^gamma through the logarithm: a power of 0 has an infinite derivative for gamma < 1.
    base = not_p_y + p_j
    positive = base > 0.0
    factor = tf.exp(gamma * tf.math.log(tf.where(positive, base, 1.0)))
    return tf.where(positive, factor, 0.0) * cross_entropy


@register
class FLSD53(MulticlassLoss):
    """Sample-dependent focal loss: `sum_k t_k (1 - p_k)^gamma_k (-log p_k)`, with a stronger focus on classes
    that the model thinks unlikely: `gamma_k = gamma_low` where `p_k < threshold`, else `gamma_high`.

    The choice of gamma has no gradient, and the loss jumps at the threshold. Mukhoti et al. 2020,
    "Calibrating Deep Neural Networks using Focal Loss" (FLSD-53).

    Args:
        gamma_low: for p below the threshold, >= 0.
        gamma_high: for p from the threshold on, >= 0.
        threshold: in (0, 1).
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma_low: NonNegative = 5.0
    gamma_high: NonNegative = 3.0
    threshold: Between = 0.2

    def values(self, targets, logits):
        return flsd53(targets, logits, self.gamma_low, self.gamma_high, self.threshold)


@register
class DualFocal(MulticlassLoss):
    """Dual focal loss: `(1 - p_y + p_j)^gamma (-log p_y)`, p_j the largest probability below p_y (0 if none).

    Soft labels take means over their classes: of 1 - p, of -log p, and of the logits below which p_j is
    looked for. Tao et al. 2023, "Dual Focal Loss for Calibration".

    Args:
        gamma: >= 0; 0 is cross-entropy.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma: NonNegative = 5.0

    def values(self, targets, logits):
        return dual_focal(targets, logits, self.gamma)
