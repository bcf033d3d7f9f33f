"""PolyLoss: cross-entropy or focal loss with the first coefficient of its polynomial in 1 - p changed."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_probabilities

SERIES_BELOW = 0.1  # where -log(1 - q) - q is summed as a series: the difference would lose digits there


def poly1(y_true, logits, epsilon: float = 1.0) -> tf.Tensor:
    """`sum_k t_k (-log p_k + epsilon (1 - p_k))`, `[...]` float32; see `Poly1`."""
    return poly1_focal(y_true, logits, gamma=0.0, epsilon=epsilon)


def poly1_focal(y_true, logits, gamma: float = 2.0, epsilon: float = 1.0) -> tf.Tensor:
    """`sum_k t_k (1 - p_k)^gamma (-log p_k + epsilon (1 - p_k))`, `[...]` float32; see `Poly1Focal`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    not_p = tf.exp(log_not_p)
    # -log p + epsilon q = (1 + epsilon) q + (-log p - q): no cancellation even at epsilon = -1.
    values = (1.0 + epsilon) * not_p + _second_order(log_p, not_p)
    if gamma:
        values *= tf.exp(gamma * log_not_p)
    return tf.reduce_sum(targets * values, axis=-1)


@register
class Poly1(MulticlassLoss):
    """Poly-1 cross-entropy on softmax logits: `sum_k t_k (-log p_k + epsilon (1 - p_k))`.

    Leng et al. 2022, "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions".
    Published: epsilon 2 (ImageNet).

    Args:
        epsilon: >= -1 (where the loss still falls as p_y grows); 0 is cross-entropy.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    epsilon: Annotated[float, Interval("[-1, inf)")] = 1.0

    def values(self, targets, logits):
        return poly1(targets, logits, self.epsilon)


@register
class Poly1Focal(MulticlassLoss):
    """Poly-1 focal loss on softmax logits: `sum_k t_k (1 - p_k)^gamma (-log p_k + epsilon (1 - p_k))`.

    Leng et al. 2022, "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions".
    Published: gamma 2, epsilon -1 (detection).

    Args:
        gamma: >= 0; 0 is Poly-1 cross-entropy.
        epsilon: >= -1; 0 is focal loss.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma: NonNegative = 2.0
    epsilon: Annotated[float, Interval("[-1, inf)")] = 1.0

    def values(self, targets, logits):
        return poly1_focal(targets, logits, self.gamma, self.epsilon)


def _second_order(log_p: tf.Tensor, not_p: tf.Tensor) -> tf.Tensor:
    """`-log p - (1 - p)`, which is `q^2 / 2 + q^3 / 3 + ...` in q = 1 - p."""
    near = not_p < SERIES_BELOW
    q = tf.where(near, not_p, 0.0)
    series = 0.0
    for i in range(8, 1, -1):
        series = q * (1.0 / i + series)
    return tf.where(near, q * series, -log_p - not_p)
