"""Asymmetric losses: easy negatives fade faster than easy positives (Ridnik et al. 2021)."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from lossexp.base.checks import BelowOne, NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.base.targets import smooth
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities, log_probabilities

TINY = 1e-37  # instead of a 0, whose logarithm has no slope


@register
class ASL(OneVsRest):
    """Asymmetric loss of L sigmoid outputs, summed over them.

    `sum_j t_j (1 - p_j)^gamma_pos (-log p_j) + (1 - t_j) q_j^gamma_neg (-log(1 - q_j))`,
    q = max(p - clip, 0). Ridnik et al. 2021, "Asymmetric Loss For Multi-Label Classification", equation 7.
    (0, 0, 0) is the sum of binary cross-entropies. Negatives with p <= clip have no gradient.

    Args:
        gamma_pos, gamma_neg: >= 0; the paper advises gamma_neg > gamma_pos.
        clip: in [0, 1), the probability that negatives are forgiven.
        detach: no gradient through the two powers, as an option of the authors' code.
    """

    gamma_pos: NonNegative = 1.0
    gamma_neg: NonNegative = 4.0
    clip: BelowOne = 0.05
    detach: bool = False

    def values(self, targets, logits):
        log_p, log_q = binary_log_probabilities(logits)
        positive = self._factor(self.gamma_pos * log_q) * log_p
        negative = self._clipped(logits, log_p, log_q) if self.clip else self._factor(self.gamma_neg * log_p) * log_q
        return -tf.reduce_sum(targets * positive + (1.0 - targets) * negative, axis=-1)

    def _factor(self, log_factor: tf.Tensor) -> tf.Tensor:
        factor = tf.exp(log_factor)
        return tf.stop_gradient(factor) if self.detach else factor

    def _clipped(self, logits, log_p, log_q) -> tf.Tensor:
        """`q^gamma_neg log(1 - q)`, q = max(p - clip, 0)."""
        # With z0 the logit of clip, q = p (1 - clip) (1 - exp(z0 - z)): no difference of nearly equal
        # numbers, if z - z0 itself is exact. Hence z0 in two parts.
        z0 = math.log(self.clip) - math.log1p(-self.clip)
        high = float(np.float32(z0))
        above = tf.maximum((logits - high) - (z0 - high), 0.0)
        clipped = tf.exp(log_p) * ((self.clip - 1.0) * tf.math.expm1(-above))
        near, far = tf.math.log1p(-tf.minimum(clipped, 0.5)), tf.math.log(tf.exp(log_q) + self.clip)
        factor = self._factor(self.gamma_neg * tf.math.log(tf.maximum(clipped, TINY)))
        return factor * tf.where(clipped < 0.5, near, far)


@register
class ASLSingle(MulticlassLoss):
    """Asymmetric loss for one label of K classes: `-sum_k s_k w_k log p_k` on softmax outputs.

    w_y = (1 - p_y)^gamma_pos, w_k = p_k^gamma_neg for the other classes, s the smoothed label: Ridnik et al.
    2021, as in the authors' single-label code. Without smoothing only the true class's term is left. For labels t
    that are soft before smoothing, `w_k = (p_k + (1 - 2 p_k) t_k)^(gamma_pos t_k + gamma_neg (1 - t_k))`.

    Args:
        gamma_pos, gamma_neg: >= 0.
        detach: no gradient through w.
        label_smoothing: in [0, 1); applies to s and not to w.
    """

    gamma_pos: NonNegative = 0.0
    gamma_neg: NonNegative = 4.0
    detach: bool = False
    label_smoothing = 0.1

    def smoothed(self, labels, logits):
        return labels  # the powers belong to the label as it was; `values` smooths the rest

    def values(self, targets, logits):
        log_p, log_q = log_probabilities(logits)
        powers = self.gamma_pos * targets + self.gamma_neg * (1.0 - targets)
        mixed = tf.maximum(targets * tf.exp(log_q) + (1.0 - targets) * tf.exp(log_p), TINY)
        log_mixed = tf.where(targets == 0.0, log_p, tf.where(targets == 1.0, log_q, tf.math.log(mixed)))
        weights = tf.exp(powers * log_mixed)
        if self.detach:
            weights = tf.stop_gradient(weights)
        return -tf.reduce_sum(smooth(targets, self.label_smoothing, logits) * weights * log_p, axis=-1)
