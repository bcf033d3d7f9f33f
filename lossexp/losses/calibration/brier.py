"""Brier score: the squared error of the probabilities."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_probabilities


def brier(y_true, logits) -> tf.Tensor:
    """`sum_k (p_k - t_k)^2`, `[...]` float32, p = softmax(logits `[..., K]`); see `Brier`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)

    log_p, log_not_p = log_probabilities(logits)
    errors = (1.0 - targets) * tf.exp(log_p) - targets * tf.exp(log_not_p)  # p - t, with all digits
    return tf.reduce_sum(tf.square(errors), axis=-1)


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
