"""Brier score: the squared error of the probabilities."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.classification import MulticlassLoss, register
from lossexp.losses.margin import log_probabilities
from lossexp.losses.others import slope_through_softmax, sum_of_others
from lossexp.losses.targets import multiclass_targets


def brier(y_true, logits) -> tf.Tensor:
    """`sum_k (p_k - t_k)^2`, `[...]` float32, p = softmax(logits `[..., K]`); see `Brier`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)

    @tf.custom_gradient
    def score(logits):
        log_p, log_not_p = log_probabilities(logits)
        p, not_p = tf.exp(log_p), tf.exp(log_not_p)
        errors = (1.0 - targets) * p - targets * not_p

        def gradient(upstream):
            t, p = tf.cast(targets, tf.float64), tf.nn.softmax(tf.cast(logits, tf.float64))
            errors = (1.0 - t) * p - t * sum_of_others(p)
            slope = slope_through_softmax(2.0 * p * errors, p)
            return upstream[..., tf.newaxis] * tf.cast(slope, tf.float32)

        return tf.reduce_sum(tf.square(errors), axis=-1), gradient

    return score(logits)


@register
class Brier(MulticlassLoss):
    """Brier score on softmax logits: `sum_k (p_k - t_k)^2`, in [0, 2]. A proper score, bounded unlike log p.

    Brier 1950, "Verification of Forecasts Expressed in Terms of Probability"; as a training loss, Mukhoti et
    al. 2020, "Calibrating Deep Neural Networks using Focal Loss".

    Args:
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return brier(targets, logits)
