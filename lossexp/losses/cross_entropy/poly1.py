"""PolyLoss: cross-entropy or focal loss with the first coefficient of its polynomial in 1 - p changed."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register

SERIES_BELOW = 0.05  # where -log(1 - q) - q is summed as a series: the difference would lose digits there


@register
class Poly1(MulticlassLoss):
    """Poly-1 cross-entropy on softmax logits: `sum_k t_k (-log p_k + epsilon (1 - p_k))`.

    Leng et al. 2022, "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions".
    Published: epsilon 2 (ImageNet).

    Args:
        epsilon: >= -1 (where the loss still falls as p_y grows); 0 is cross-entropy.
    """

    epsilon: Annotated[float, Interval("[-1, inf)")] = 1.0

    def formula(self, t, log_p, log_q):
        q = tf.exp(log_q)
        if self.epsilon > -0.5:
            return tf.reduce_sum(t * (self.epsilon * q - log_p), axis=-1)
        # Near -1 the two terms cancel: epsilon q - log p = (1 + epsilon) q + (q^2 / 2 + q^3 / 3 + ...).
        near = q < SERIES_BELOW
        x = tf.where(near, q, 0.0)
        series = 0.0
        for i in range(6, 1, -1):
            series = x * (1.0 / i + series)
        return tf.reduce_sum(t * ((1.0 + self.epsilon) * q + tf.where(near, x * series, -log_p - q)), axis=-1)


@register
class Poly1Focal(Poly1):
    """Poly-1 focal loss on softmax logits: `sum_k t_k (1 - p_k)^gamma (-log p_k + epsilon (1 - p_k))`.

    Leng et al. 2022, "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions".
    Published: gamma 2, epsilon -1 (detection).

    Args:
        gamma: >= 0; 0 is Poly-1 cross-entropy.
        epsilon: >= -1; 0 is focal loss.
    """

    gamma: NonNegative = 2.0

    def formula(self, t, log_p, log_q):
        return super().formula(t * tf.exp(self.gamma * log_q), log_p, log_q)
