"""Cross-entropy in both directions: of the labels under the model, and of the model under the labels."""

from __future__ import annotations

import math
from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, NonNegative
from lossexp.losses.base import arguments
from lossexp.losses.base.multiclass import MulticlassLoss, register

LOG_ZERO = math.log(1e-4)  # log 0 in the published code; the paper writes -4


def reverse_cross_entropy(t, log_q, A: float) -> tf.Tensor:
    """`-sum_k p_k max(log t_k, A)`, `[...]`, for targets t and log q `[..., K]`, q = 1 - p; p and t sum to 1."""
    costs = -tf.maximum(tf.math.log(t), A)
    highest = tf.reduce_max(costs, axis=-1, keepdims=True)
    # sum_k p_k c_k through q and each cost's distance from the highest: a hard label has one term, which keeps
    # the digits of its gradient.
    saved = highest - costs
    return highest[..., 0] - tf.reduce_sum(saved, axis=-1) + tf.reduce_sum(saved * tf.exp(log_q), axis=-1)


@register
class RCE(MulticlassLoss):
    """Reverse cross-entropy on softmax logits: `-sum_k p_k log t_k`, A for log 0: `-A (1 - p_y)`.

    Wang et al. 2019, "Symmetric Cross Entropy for Robust Learning with Noisy Labels".

    Args:
        A: what log 0 is, < 0. For hard labels it only scales the loss.
    """

    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO

    def formula(self, t, log_p, log_q):
        return reverse_cross_entropy(t, log_q, self.A)


@register
class SCE(MulticlassLoss):
    """Symmetric cross-entropy on softmax logits: `alpha CE + beta RCE`, `-alpha log p_y - beta A (1 - p_y)`.

    Wang et al. 2019, "Symmetric Cross Entropy for Robust Learning with Noisy Labels". Published
    settings: alpha 0.1, beta 1 (CIFAR-10); alpha 6, beta 0.1 (CIFAR-100).

    Args:
        alpha: weight of cross-entropy, >= 0.
        beta: weight of reverse cross-entropy, >= 0.
        A: what log 0 is, < 0: log 1e-4 in the authors' code, -4 in the paper.
    """

    alpha: NonNegative = 0.1
    beta: NonNegative = 1.0
    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO

    def __post_init__(self):
        super().__post_init__()
        arguments.not_both_zero(self, "alpha", "beta")

    def formula(self, t, log_p, log_q):
        cross_entropy = -tf.reduce_sum(t * log_p, axis=-1)
        return self.alpha * cross_entropy + self.beta * reverse_cross_entropy(t, log_q, self.A)
