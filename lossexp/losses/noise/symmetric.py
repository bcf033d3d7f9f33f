"""Cross-entropy in both directions: of the labels under the model, and of the model under the labels."""

from __future__ import annotations

import math
from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, NonNegative
from lossexp.losses.base import validation
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.cross_entropy.cross_entropy import cross_entropy
from lossexp.losses.numerics.log_probabilities import log_probabilities

LOG_ZERO = math.log(1e-4)  # log 0 in the published code; the paper writes -4


def rce(y_true, logits, A: float = LOG_ZERO) -> tf.Tensor:
    """`-sum_k p_k max(log t_k, A)`, `[...]` float32, p = softmax(logits `[..., K]`); see `RCE`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    _, log_not_p = log_probabilities(logits)
    costs = -tf.maximum(tf.math.log(targets), A)
    highest = tf.reduce_max(costs, axis=-1, keepdims=True)
    # sum_k p_k c_k through 1 - p_k and each cost's distance from the highest: a hard label has one term,
    # whose gradient cannot cancel.
    saved = highest - costs
    at_p_zero = highest[..., 0] - tf.reduce_sum(saved, axis=-1)
    return at_p_zero + tf.reduce_sum(saved * tf.exp(log_not_p), axis=-1)


def sce(y_true, logits, alpha: float = 0.1, beta: float = 1.0, A: float = LOG_ZERO) -> tf.Tensor:
    """`alpha CE + beta RCE`, `[...]` float32; see `SCE`."""
    return alpha * cross_entropy(y_true, logits) + beta * rce(y_true, logits, A)


@register
class RCE(MulticlassLoss):
    """Reverse cross-entropy on softmax logits: `-sum_k p_k log t_k`, A for log 0: `-A (1 - p_y)`.

    Wang et al. 2019, "Symmetric Cross Entropy for Robust Learning with Noisy Labels".

    Args:
        A: what log 0 is, < 0. For hard labels it only scales the loss.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO

    def values(self, targets, logits):
        return rce(targets, logits, self.A)


@register
class SCE(MulticlassLoss):
    """Symmetric cross-entropy on softmax logits: `alpha CE + beta RCE`, `-alpha log p_y - beta A (1 - p_y)`.

    Wang et al. 2019, "Symmetric Cross Entropy for Robust Learning with Noisy Labels". Published
    settings: alpha 0.1, beta 1 (CIFAR-10); alpha 6, beta 0.1 (CIFAR-100).

    Args:
        alpha: weight of cross-entropy, >= 0.
        beta: weight of reverse cross-entropy, >= 0.
        A: what log 0 is, < 0: log 1e-4 in the authors' code, -4 in the paper.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    alpha: NonNegative = 0.1
    beta: NonNegative = 1.0
    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO

    def __post_init__(self):
        super().__post_init__()
        validation.not_both_zero(self, "alpha", "beta")

    def values(self, targets, logits):
        return sce(targets, logits, self.alpha, self.beta, self.A)
