"""Logit normalisation: cross-entropy of the direction of the logits, whose length cannot buy confidence."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.margin.cosine_similarity import unit
from lossexp.losses.numerics.log_probabilities import log_softmax
from lossexp.losses.numerics.masked import MASKED, is_masked


@register
class LogitNorm(MulticlassLoss):
    """Cross-entropy of normalised logits: `CE(z / (tau |z|))`, |z| the Euclidean length of the logits.

    Their scale is free, so predict and evaluate on raw logits, as the paper does for detecting unknown
    inputs; their calibration then needs a temperature. A zero vector gives log K and no gradient. Soft labels
    must sum to 1. Wei et al. 2022, "Mitigating Neural Network Overconfidence with Logit Normalization".

    Args:
        tau: temperature, > 0; logits span at most 2 / tau.
    """

    tau: Positive = 0.04

    def values(self, targets, logits):
        masked = is_masked(logits)
        # float64: the gradient is what is left of that of cross-entropy across the logits, times 1 / tau.
        z = tf.cast(tf.where(masked, 0.0, logits), tf.float64)  # a masked class has no part in the length
        log_p = log_softmax(tf.where(masked, tf.cast(MASKED, tf.float64), unit(z) / self.tau))
        return -tf.reduce_sum(targets * tf.cast(log_p, tf.float32), axis=-1)
