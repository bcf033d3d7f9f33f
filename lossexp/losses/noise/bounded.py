"""Bounded losses between cross-entropy, which fits wrong labels, and absolute error, which learns slowly."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, Share
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.differences import errors


def absolute_error(t, log_p, log_q) -> tf.Tensor:
    """`sum_k |p_k - t_k|`, `[...]`, for targets and log-probabilities `[..., K]`."""
    return tf.reduce_sum(tf.abs(errors(t, log_p, log_q)), axis=-1)


@register
class GCE(MulticlassLoss):
    """Generalized cross-entropy on softmax logits: `sum_k t_k (1 - p_k^q) / q`.

    q towards 0 is cross-entropy, q = 1 is `1 - p_y` (half the absolute error). Bounded by 1 / q.
    Zhang and Sabuncu 2018, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
    Labels".

    Args:
        q: in (0, 1]; larger is more robust to wrong labels and learns more slowly.
    """

    q: Share = 0.7

    def formula(self, t, log_p, log_q):
        return -tf.reduce_sum(t * tf.math.expm1(self.q * log_p), axis=-1) / self.q


@register
class Taylor(MulticlassLoss):
    """Taylor cross-entropy on softmax logits: `sum_k t_k sum_{i=1..order} (1 - p_k)^i / i`.

    The first terms of the series of -log p around p = 1: order 1 is `1 - p_y`, order to infinity is
    cross-entropy. Feng et al. 2020, "Can Cross Entropy Loss Be Robust to Label Noise?".

    Args:
        order: number of terms, 1 to 1000.
    """

    order: Annotated[int, Interval("[1, 1000]")] = 2  # unrolled into the graph

    def formula(self, t, log_p, log_q):
        q, series = tf.exp(log_q), 0.0
        for i in range(self.order, 0, -1):
            series = q * (1.0 / i + series)
        return tf.reduce_sum(t * series, axis=-1)


@register
class MAEProb(MulticlassLoss):
    """Absolute error of softmax probabilities: `sum_k |p_k - t_k|`, which is `2 (1 - p_y)` for hard labels.

    Symmetric, so that uniform label noise does not move its minimum, but slow to train on many classes.
    Ghosh et al. 2017, "Robust Loss Functions under Label Noise for Deep Neural Networks".
    """

    def formula(self, t, log_p, log_q):
        return absolute_error(t, log_p, log_q)
