"""Bootstrapping: labels mixed with what the model itself predicts."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Fraction
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.entropy import with_entropy
from lossexp.losses.numerics.log_probabilities import log_probabilities
from lossexp.losses.numerics.others import is_largest


def boot_soft(y_true, logits, beta: float = 0.95) -> tf.Tensor:
    """`-sum_k (beta t_k + (1 - beta) p_k) log p_k`, `[...]` float32; see `BootSoft`."""
    return with_entropy(y_true, logits, beta, 1.0 - beta)


def boot_hard(y_true, logits, beta: float = 0.8) -> tf.Tensor:
    """`-sum_k (beta t_k + (1 - beta) [k = argmax p]) log p_k`, `[...]` float32; see `BootHard`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, _ = log_probabilities(logits)
    mixed = beta * targets + (1.0 - beta) * tf.cast(is_largest(logits), tf.float32)
    return -tf.reduce_sum(mixed * log_p, axis=-1)


class Bootstrap(MulticlassLoss):
    """Keeps and checks `beta`, the trust in the given labels."""

    beta: Fraction


@register
class BootSoft(Bootstrap):
    """Soft bootstrapping on softmax logits: `-sum_k (beta t_k + (1 - beta) p_k) log p_k`.

    The gradient runs through p in both places, as in the formula. Reed et al. 2015, "Training Deep Neural
    Networks on Noisy Labels with Bootstrapping".

    Args:
        beta: trust in the labels, in [0, 1]; 1 is cross-entropy.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    beta = 0.95

    def values(self, targets, logits):
        return boot_soft(targets, logits, self.beta)


@register
class BootHard(Bootstrap):
    """Hard bootstrapping on softmax logits: `-sum_k (beta t_k + (1 - beta) [k = argmax p]) log p_k`.

    Of several equally likely classes the first counts as predicted. Reed et al. 2015, "Training Deep Neural
    Networks on Noisy Labels with Bootstrapping".

    Args:
        beta: trust in the labels, in [0, 1]; 1 is cross-entropy.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    beta = 0.8

    def values(self, targets, logits):
        return boot_hard(targets, logits, self.beta)
