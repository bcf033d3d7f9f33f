"""Bi-tempered logistic loss: cross-entropy whose logarithm and softmax both have a temperature."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Fraction, Interval, Positive, checked
from lossexp.losses.base import targets as label_targets
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.masked import is_masked
from lossexp.losses.numerics.others import sum_of_others
from lossexp.losses.numerics.tempered import log_t, log_tempered_softmax

SERIES_BELOW = 1e-4  # where the divergence from a certain label is summed as a series of 1 - p (float64)


def bi_tempered(y_true, logits, t1: float = 0.8, t2: float = 1.2) -> tf.Tensor:
    """`sum_k t_k (log_t1 t_k - log_t1 p_k) - (t_k^(2 - t1) - p_k^(2 - t1)) / (2 - t1)`, `[...]` float32.

    p is the tempered softmax of logits `[..., K]`; see `BiTempered`.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    t = tf.cast(targets, tf.float64)

    @tf.custom_gradient
    def divergence(logits):
        log_p = log_tempered_softmax(logits, t2)
        not_p = sum_of_others(tf.exp(log_p))

        def gradient(upstream):
            slope = _slope(t, log_p, not_p, t1, t2)
            return upstream[..., tf.newaxis] * tf.cast(slope, tf.float32)

        values = tf.reduce_sum(_divergences(t, log_p, not_p, t1), axis=-1)
        return tf.cast(values, tf.float32), gradient

    return divergence(logits)


@register
class BiTempered(MulticlassLoss):
    """Bi-tempered logistic loss: a Bregman divergence between the label t and p = softmax_t2(logits),

    `sum_k t_k (log_t1 t_k - log_t1 p_k) - (t_k^(2 - t1) - p_k^(2 - t1)) / (2 - t1)`.

    t1 < 1 bounds the loss, so that outliers far from the boundary weigh little; t2 > 1 gives p heavy tails,
    so that wrong labels near it do. t1 = t2 = 1 is cross-entropy for hard labels and `KLDivergence` for soft or
    smoothed ones. Probabilities need t2 too: link `tempered`.
    Amid et al. 2019, "Robust Bi-Tempered Logistic Loss Based on Bregman Divergences".

    Args:
        t1: in [0, 1].
        t2: in (0, inf); at t1 = 1 in [1, inf). Below 1, p has exact zeros, and an example with p_y = 0 has no
            gradient (at t1 = 1 its value would be infinite). Below t1, the gradient grows without bound as
            p_y falls to 0.
        label_smoothing: e in [0, 1 - 1/K]; by the paper's own rule, `t (1 - e K / (K - 1)) + e / (K - 1)`.
        class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    t1: Fraction = 0.8
    t2: Positive = 1.2

    def __post_init__(self):
        super().__post_init__()
        if self.t1 == 1.0:
            checked(f"{type(self).__name__}.t2", self.t2, Annotated[float, Interval("[1, inf)")])
        self.link = "softmax" if self.t2 == 1.0 else {"name": "tempered", "t2": self.t2}

    def smoothed(self, labels, logits):
        num_classes = labels.shape[-1]
        if self.label_smoothing > 1.0 - 1.0 / num_classes:
            raise ValueError(
                f"BiTempered: label_smoothing={self.label_smoothing}; expected at most 1 - 1/K for "
                f"K = {num_classes} classes, where all targets are equal."
            )
        if self.label_smoothing == 0.0:
            return labels
        left = tf.reduce_sum(tf.cast(~is_masked(logits), tf.float32), axis=-1, keepdims=True)
        return label_targets.smooth(labels, tf.math.divide_no_nan(self.label_smoothing * left, left - 1.0), logits)

    def values(self, targets, logits):
        return bi_tempered(targets, logits, self.t1, self.t2)


def _divergences(t, log_p, not_p, t1: float) -> tf.Tensor:
    """The terms of the sum over classes, `[..., K]` float64; see `BiTempered`."""
    a = 2.0 - t1
    log_label = tf.math.log(tf.where(t > 0.0, t, 1.0))
    gap = tf.math.multiply_no_nan(log_t(log_label, t1) - log_t(log_p, t1), t)
    terms = gap - (tf.pow(t, a) - tf.exp(a * log_p)) / a
    # For t = 1 the terms cancel up to the integral of q (1 - q)^-t1 from 0 to 1 - p.
    series = tf.square(not_p) * (0.5 + not_p * t1 / 3.0)
    return tf.where((t == 1.0) & (not_p < SERIES_BELOW), series, terms)


def _slope(t, log_p, not_p, t1: float, t2: float) -> tf.Tensor:
    """Gradient by the logits, `[..., K]` float64: `p_j^t2 (a_j - sum_k e_k a_k)`.

    a = dL/dp, `(p_k - t_k) p_k^-t1`, and e is `p^t2` scaled to sum to 1 (Amid et al. 2019, the escort
    distribution). a counts from its largest value among the classes without weight, so that equally likely
    wrong classes cancel exactly.
    """
    p, escort = tf.exp(log_p), tf.exp(t2 * log_p)
    free = tf.equal(t, 0.0)
    pull = tf.exp(tf.math.multiply_no_nan(log_p, 1.0 - t1))  # a of a class without weight
    zero = tf.zeros_like(pull)
    highest = tf.reduce_max(tf.where(free, pull, zero), axis=-1, keepdims=True)
    # Not `p > 0`: p underflows where a power of it near 0 does not.
    steepness = tf.where(tf.math.is_finite(log_p), tf.exp((t2 - t1) * log_p), zero)
    labelled = ((1.0 - t) * p - t * not_p) * steepness - escort * highest
    moved = tf.where(free, escort * (pull - highest), labelled)
    escort /= tf.reduce_sum(escort, axis=-1, keepdims=True)
    return sum_of_others(escort) * moved - escort * sum_of_others(moved)
