"""Logit normalisation: cross-entropy of the direction of the logits, whose length cannot buy confidence."""

from __future__ import annotations

import tensorflow as tf

from lossexp.checks import Positive
from lossexp.losses.classification import MulticlassLoss, register
from lossexp.losses.cross_entropy import cross_entropy
from lossexp.losses.masked import MASKED, is_masked
from lossexp.losses.others import is_largest, sum_of_others
from lossexp.losses.targets import multiclass_targets


def logit_norm(y_true, logits, tau: float = 0.04) -> tf.Tensor:
    """`CE(z / (tau |z|))`, `[...]` float32, |z| the length of logits `[..., K]`; see `LogitNorm`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)

    @tf.custom_gradient
    def normalised(logits):
        out = is_masked(logits)
        z = tf.cast(tf.where(out, 0.0, logits), tf.float64)  # a masked class has no part in the length
        length = tf.norm(z, axis=-1, keepdims=True)
        unit = tf.math.divide_no_nan(z, length)
        scaled = tf.where(out, tf.cast(MASKED, tf.float64), unit / tau)

        def gradient(upstream):
            p = tf.nn.softmax(scaled)
            across = _projected(tf.cast(targets, tf.float64), p, unit)
            slope = tf.math.divide_no_nan(across, tau * length)
            return upstream[..., tf.newaxis] * tf.cast(slope, tf.float32)

        return cross_entropy(targets, tf.cast(scaled, tf.float32)), gradient

    return normalised(logits)


@register
class LogitNorm(MulticlassLoss):
    """Cross-entropy of normalised logits: `CE(z / (tau |z|))`, |z| the Euclidean length of the logits.

    Their scale is free, so predict and evaluate on raw logits, as the paper does for detecting unknown
    inputs; their calibration then needs a temperature. A zero vector gives log K and no gradient. Soft labels
    must sum to 1. Wei et al. 2022, "Mitigating Neural Network Overconfidence with Logit Normalization".

    Args:
        tau: temperature, > 0; logits span at most 2 / tau.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    tau: Positive = 0.04

    def values(self, targets, logits):
        return logit_norm(targets, logits, self.tau)


def _projected(t, p, u) -> tf.Tensor:
    """`(I - u u') (p - t)`, `[..., K]` float64: what of cross-entropy's gradient is across the unit vector u.

    Split at the likeliest class a into `p - e_a`, small where the prediction is sure, and `e_a - t`; the
    second cancels exactly where u is antisymmetric in a and the label.
    """
    is_top = is_largest(p)
    top = tf.cast(is_top, u.dtype)
    u_a = tf.reduce_sum(top * u, axis=-1, keepdims=True)
    unsure = (1.0 - top) * p - top * sum_of_others(p)
    small = unsure * sum_of_others(tf.square(u)) - u * sum_of_others(u * unsure)

    wrong = (1.0 - top) * t
    without_both = sum_of_others((1.0 - top) * tf.square(u))
    at_top = tf.reduce_sum(wrong * (without_both + u * (u_a + u)), axis=-1, keepdims=True)
    elsewhere = wrong * (without_both + u_a * (u_a + u)) + u * sum_of_others(wrong * (u_a - u))
    return small + tf.where(is_top, at_top, -elsewhere)
