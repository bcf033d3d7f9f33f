"""Equalization by gradients: each class's weights follow what it has been taught so far.

A rare class is a negative in almost every example. These losses sum, for each of K sigmoid outputs, the
gradient it received as a positive and as a negative, and use the ratio of the two.
"""

from __future__ import annotations

import math
from typing import ClassVar

import tensorflow as tf

from lossexp.base.checks import Fraction, NonNegative, Positive
from lossexp.losses.base.counts import CountsLoss
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.cross_entropy.cross_entropy import binary_cross_entropy
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities
from lossexp.losses.numerics.running import add_when_trained


def equalization_v2(
    targets, logits, ratio, gamma: float = 12.0, mu: float = 0.8, alpha: float = 4.0
) -> tuple[tf.Tensor, tf.Tensor]:
    """`sum_k w_k BCE(z_k, t_k)`, `[...]` float32, and the weights `[..., K]`; logits z `[..., K]`.

    ratio: summed positive over summed negative gradient of each class, `[K]`. Negatives get the weight
    v = sigmoid(gamma (ratio - mu)), positives 1 + alpha (1 - v).
    """
    negative = tf.sigmoid(gamma * (ratio - mu))
    weights = targets * (1.0 + alpha * (1.0 - negative)) + (1.0 - targets) * negative
    return tf.reduce_sum(weights * binary_cross_entropy(targets, logits), axis=-1), weights


def equalized_focal(
    targets, logits, ratio, gamma: float = 2.0, scale: float = 8.0, alpha: float | None = 0.25
) -> tuple[tf.Tensor, tf.Tensor]:
    """`sum_k alpha_t (g_k / gamma) (1 - p_t)^g_k (-log p_t)`, `[...]` float32, and |gradient| `[..., K]`.

    g_k = gamma + scale (1 - ratio_k), with ratio `[K]` in [0, 1] as in `equalization_v2`: 1 is focal loss.
    Hard labels; logits `[..., K]`.
    """
    log_p, log_not_p = binary_log_probabilities((2.0 * targets - 1.0) * logits)
    powers = gamma + scale * (1.0 - ratio)
    weights = powers / gamma * tf.exp(powers * log_not_p)
    if alpha is not None:
        weights *= targets * alpha + (1.0 - targets) * (1.0 - alpha)
    slopes = weights * (tf.exp(log_not_p) - powers * tf.exp(log_p) * log_p)
    return tf.reduce_sum(-weights * log_p, axis=-1), slopes


class GradientRatioLoss(OneVsRest, CountsLoss):
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

    def ratio(self, logits: tf.Tensor, at_start: float) -> tf.Tensor:
        """`[K]` float32; `at_start` where nothing has been summed yet."""
        self.counts(logits)  # raises where the loss was not adapted
        started = self._positive + self._negative > 0.0
        return tf.where(started, self._positive / (self._negative + 1e-10), at_start)

    def collect(self, values: tf.Tensor, targets: tf.Tensor, slopes: tf.Tensor) -> tf.Tensor:
        axes = list(range(targets.shape.rank - 1))
        increments = [tf.reduce_sum(slopes * t, axes) for t in (targets, 1.0 - targets)]
        return add_when_trained(values, [self._positive, self._negative], increments)


@register
class EQLv2(GradientRatioLoss):
    """Equalization loss v2: weights from each class's own gradients; see `equalization_v2`.

    Tan et al. 2021, "Equalization Loss v2: A New Gradient Balance Approach for Long-tailed Object Detection".
    Starts as the sum of K binary cross-entropies.

    Args:
        gamma, mu: > 0 and >= 0, slope and centre of the negatives' weight.
        alpha: >= 0, extra weight of positives.
        class_counts: training examples per class, or None until `adapt`; only their number is used.
        ignore_class: see `MulticlassLoss`; for rows of labels, `OneVsRest`.

    Raises:
        ValueError: a parameter out of range; no counts when a value is asked for.
    """

    gamma: Positive = 12.0
    mu: NonNegative = 0.8
    alpha: NonNegative = 4.0
    label_smoothing: ClassVar[float] = 0.0
    class_weight: ClassVar[None] = None

    def values(self, targets, logits):
        ratio = self.ratio(logits, at_start=100.0)
        values, weights = equalization_v2(targets, logits, ratio, self.gamma, self.mu, self.alpha)
        log_p, log_not_p = binary_log_probabilities(logits)
        slopes = weights * (targets * tf.exp(log_not_p) + (1.0 - targets) * tf.exp(log_p))
        return self.collect(values, targets, slopes)


@register
class EqualizedFocal(GradientRatioLoss):
    """Equalized focal loss: a larger focal power for classes short of positive gradient; `equalized_focal`.

    Li et al. 2022, "Equalized Focal Loss for Dense Long-Tailed Object Detection". Starts as sigmoid focal
    loss, summed over the K outputs; the head's bias starts at -log(K - 1). Hard labels.

    Args:
        gamma: > 0, focal power of a class in balance.
        scale: >= 0, how much the power grows; 0 is focal loss.
        alpha: None or in [0, 1], the weight of positives.
        class_counts: training examples per class, or None until `adapt`; only their number is used.
        ignore_class: see `MulticlassLoss`; for rows of labels, `OneVsRest`.

    Raises:
        ValueError: a parameter out of range; no counts when a value is asked for.
    """

    gamma: Positive = 2.0
    scale: NonNegative = 8.0
    alpha: Fraction | None = 0.25
    label_smoothing: ClassVar[float] = 0.0
    class_weight: ClassVar[None] = None

    def initial_bias(self, class_counts) -> float | None:
        return -math.log(len(class_counts) - 1)

    def values(self, targets, logits):
        ratio = tf.minimum(self.ratio(logits, at_start=1.0), 1.0)
        values, slopes = equalized_focal(targets, logits, ratio, self.gamma, self.scale, self.alpha)
        return self.collect(values, targets, slopes)
