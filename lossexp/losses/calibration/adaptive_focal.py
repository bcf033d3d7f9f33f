"""Focal losses whose focus depends on the prediction, for calibrated probabilities."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Between, NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register

TINY = 1e-37  # instead of 0, whose powers may have an infinite slope


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
    """

    gamma_low: NonNegative = 5.0
    gamma_high: NonNegative = 3.0
    threshold: Between = 0.2

    def formula(self, t, log_p, log_q):
        gamma = tf.where(tf.exp(log_p) < self.threshold, self.gamma_low, self.gamma_high)
        return -tf.reduce_sum(t * tf.exp(gamma * log_q) * log_p, axis=-1)


@register
class DualFocal(MulticlassLoss):
    """Dual focal loss: `(1 - p_y + p_j)^gamma (-log p_y)`, p_j the largest probability below p_y (0 if none).

    Soft labels take means over their classes: of 1 - p, and of log p, below which p_j is looked for too.
    Tao et al. 2023, "Dual Focal Loss for Calibration".

    Args:
        gamma: >= 0; 0 is cross-entropy.
    """

    gamma: NonNegative = 5.0

    def formula(self, t, log_p, log_q):
        log_p_y = tf.reduce_sum(t * log_p, axis=-1)
        q_y = tf.reduce_sum(t * tf.exp(log_q), axis=-1)
        p_j = tf.reduce_max(tf.where(log_p < log_p_y[..., tf.newaxis], tf.exp(log_p), 0.0), axis=-1)
        return -tf.pow(tf.maximum(q_y + p_j, TINY), self.gamma) * log_p_y
