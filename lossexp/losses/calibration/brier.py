"""Brier score: the squared error of the probabilities."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.differences import errors


@register
class Brier(MulticlassLoss):
    """Brier score on softmax logits: `sum_k (p_k - t_k)^2`, in [0, 2]. A proper score, bounded unlike log p.

    Brier 1950, "Verification of Forecasts Expressed in Terms of Probability"; as a training loss, Mukhoti et
    al. 2020, "Calibrating Deep Neural Networks using Focal Loss".
    """

    def formula(self, t, log_p, log_q):
        return tf.reduce_sum(tf.square(errors(t, log_p, log_q)), axis=-1)
