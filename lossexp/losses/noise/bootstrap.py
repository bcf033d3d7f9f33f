"""Bootstrapping: labels mixed with what the model itself predicts."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Fraction
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.largest import is_largest


@register
class BootSoft(MulticlassLoss):
    """Soft bootstrapping on softmax logits: `-sum_k (beta t_k + (1 - beta) p_k) log p_k`.

    The gradient runs through p in both places, as in the formula. Reed et al. 2015, "Training Deep Neural
    Networks on Noisy Labels with Bootstrapping".

    Args:
        beta: trust in the labels, in [0, 1]; 1 is cross-entropy.
    """

    beta: Fraction = 0.95

    def formula(self, t, log_p, log_q):
        return -tf.reduce_sum((self.beta * t + (1.0 - self.beta) * tf.exp(log_p)) * log_p, axis=-1)


@register
class BootHard(MulticlassLoss):
    """Hard bootstrapping on softmax logits: `-sum_k (beta t_k + (1 - beta) [k = argmax p]) log p_k`.

    Of several equally likely classes the first counts as predicted. Reed et al. 2015, "Training Deep Neural
    Networks on Noisy Labels with Bootstrapping".

    Args:
        beta: trust in the labels, in [0, 1]; 1 is cross-entropy.
    """

    beta: Fraction = 0.8

    def formula(self, t, log_p, log_q):
        mixed = self.beta * t + (1.0 - self.beta) * tf.cast(is_largest(log_p), tf.float32)
        return -tf.reduce_sum(mixed * log_p, axis=-1)
