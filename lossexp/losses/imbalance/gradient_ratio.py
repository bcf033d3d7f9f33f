"""Equalization by gradients: each class's weights follow what it has been taught so far.

A rare class is a negative in almost every example. These losses sum, for each of K sigmoid outputs, the
gradient it received as a positive and as a negative, and use the ratio of the two.
"""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import Fraction, NonNegative, Positive
from lossexp.losses.base.counts import CountsLoss
from lossexp.losses.base.loss import register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.numerics.running import add_when_trained


class GradientRatioLoss(CountsLoss, OneVsRest):
    """A loss steered by the summed gradient of each class as a positive over that as a negative.

    The sums grow when the loss is differentiated (`running.add_when_trained`), so evaluation leaves them
    alone; a checkpoint must keep `variables`. Of `class_counts` only the number of classes is used.
    """

    zero_counts = True

    def adapt(self, class_counts) -> None:
        super().adapt(class_counts)
        zeros = tf.zeros(len(class_counts))
        self._positive = tf.Variable(zeros, trainable=False, name="positive_gradient")
        self._negative = tf.Variable(zeros, trainable=False, name="negative_gradient")

    def ratio(self, targets: tf.Tensor, at_start: float) -> tf.Tensor:
        """`[K]` float32, for targets `[..., K]`; `at_start` where nothing has been summed yet."""
        self.counts(targets)  # raises where the loss was not adapted
        started = self._positive + self._negative > 0.0
        return tf.where(started, self._positive / (self._negative + 1e-10), at_start)

    def collect(self, values: tf.Tensor, targets: tf.Tensor, slopes: tf.Tensor) -> tf.Tensor:
        """`values` `[..., K]`, whose |gradient| `slopes` joins the sums where they are trained."""
        axes = list(range(targets.shape.rank - 1))
        increments = [tf.reduce_sum(slopes * t, axes) for t in (targets, 1.0 - targets)]
        return add_when_trained(values, [self._positive, self._negative], increments)


@register
class EQLv2(GradientRatioLoss):
    """Equalization loss v2: `sum_k w_k BCE(z_k, t_k)`, with weights from each class's own gradients.

    w_k is v_k = sigmoid(gamma (ratio_k - mu)) for negatives and 1 + alpha (1 - v_k) for positives, ratio_k the
    summed positive over the summed negative gradient. Tan et al. 2021, "Equalization Loss v2: A New Gradient Balance
    Approach for Long-tailed Object Detection". Starts as the sum of K binary cross-entropies.

    Args:
        gamma, mu: > 0 and >= 0, slope and centre of the negatives' weight.
        alpha: >= 0, extra weight of positives.
    """

    gamma: Positive = 12.0
    mu: NonNegative = 0.8
    alpha: NonNegative = 4.0

    def formula(self, t, log_p, log_q):
        negative = tf.sigmoid(self.gamma * (self.ratio(t, at_start=100.0) - self.mu))
        weights = negative + t * (1.0 + self.alpha) * (1.0 - negative)
        slopes = weights * (t * tf.exp(log_q) + (1.0 - t) * tf.exp(log_p))
        return self.collect(-weights * (t * log_p + (1.0 - t) * log_q), t, slopes)


@register
class EqualizedFocal(GradientRatioLoss):
    """Equalized focal loss: `sum_k alpha_t (g_k / gamma) (1 - p_t)^g_k (-log p_t)`, p_t of output k.

    g_k = gamma + scale (1 - min(ratio_k, 1)), ratio_k as in `EQLv2`: a larger focal power for classes short of
    positive gradient. Li et al. 2022, "Equalized Focal Loss for Dense Long-Tailed Object Detection". Starts as
    sigmoid focal loss, summed over the K outputs; the head's bias starts at -log(K - 1). Hard labels.

    Args:
        gamma: > 0, focal power of a class in balance.
        scale: >= 0, how much the power grows; 0 is focal loss.
        alpha: None or in [0, 1], the weight of positives.
    """

    gamma: Positive = 2.0
    scale: NonNegative = 8.0
    alpha: Fraction | None = 0.25

    def initial_bias(self, class_counts) -> float | None:
        return -math.log(len(class_counts) - 1)

    def formula(self, t, log_p, log_q):
        powers = self.gamma + self.scale * (1.0 - tf.minimum(self.ratio(t, at_start=1.0), 1.0))
        log_hit, log_miss = t * log_p + (1.0 - t) * log_q, t * log_q + (1.0 - t) * log_p
        weights = powers / self.gamma * tf.exp(powers * log_miss)
        if self.alpha is not None:
            weights *= t * self.alpha + (1.0 - t) * (1.0 - self.alpha)
        slopes = weights * (tf.exp(log_miss) - powers * tf.exp(log_hit) * log_hit)
        return self.collect(-weights * log_hit, t, slopes)
