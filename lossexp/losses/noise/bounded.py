"""Bounded losses between cross-entropy, which fits wrong labels, and absolute error, which learns slowly."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, Share
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets, sums_to_one
from lossexp.losses.numerics.log_probabilities import log_probabilities, log_softmax


def gce(y_true, logits, q: float = 0.7) -> tf.Tensor:
    """`sum_k t_k (1 - p_k^q) / q`, `[...]` float32, p = softmax(logits `[..., K]`); see `GCE`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p = log_softmax(logits)
    return tf.reduce_sum(targets * -tf.math.expm1(q * log_p) / q, axis=-1)


def taylor(y_true, logits, order: int = 2) -> tf.Tensor:
    """`sum_k t_k sum_{i=1..order} (1 - p_k)^i / i`, `[...]` float32; see `Taylor`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    _, log_not_p = log_probabilities(logits)
    not_p = tf.exp(log_not_p)
    series = tf.zeros_like(not_p)
    for i in range(order, 0, -1):
        series = not_p * (1.0 / i + series)
    return tf.reduce_sum(targets * series, axis=-1)


def mae_prob(y_true, logits) -> tf.Tensor:
    """`sum_k |p_k - t_k|`, `[...]` float32, which is `2 (1 - p_y)` for a hard label; see `MAEProb`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    # Where t sums to 1 as p does, what p lacks in some classes it has too much of in others: half the sum is
    # enough, and then a hard label has one term, whose gradient cannot cancel.
    lacking = targets * tf.exp(log_not_p) - (1.0 - targets) * tf.exp(log_p)
    of_one = sums_to_one(targets)[..., 0]
    return tf.where(of_one, 2.0 * tf.reduce_sum(tf.nn.relu(lacking), axis=-1), tf.reduce_sum(tf.abs(lacking), axis=-1))


@register
class GCE(MulticlassLoss):
    """Generalized cross-entropy on softmax logits: `sum_k t_k (1 - p_k^q) / q`.

    q towards 0 is cross-entropy, q = 1 is `1 - p_y` (half the absolute error). Bounded by 1 / q.
    Zhang and Sabuncu 2018, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
    Labels".

    Args:
        q: in (0, 1]; larger is more robust to wrong labels and learns more slowly.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    q: Share = 0.7

    def values(self, targets, logits):
        return gce(targets, logits, self.q)


@register
class Taylor(MulticlassLoss):
    """Taylor cross-entropy on softmax logits: `sum_k t_k sum_{i=1..order} (1 - p_k)^i / i`.

    The first terms of the series of -log p around p = 1: order 1 is `1 - p_y`, order to infinity is
    cross-entropy. Feng et al. 2020, "Can Cross Entropy Loss Be Robust to Label Noise?".

    Args:
        order: number of terms, 1 to 1000.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    order: Annotated[int, Interval("[1, 1000]")] = 2  # unrolled into the graph

    def values(self, targets, logits):
        return taylor(targets, logits, self.order)


@register
class MAEProb(MulticlassLoss):
    """Absolute error of softmax probabilities: `sum_k |p_k - t_k|`, which is `2 (1 - p_y)` for hard labels.

    Symmetric, so that uniform label noise does not move its minimum, but slow to train on many classes.
    Ghosh et al. 2017, "Robust Loss Functions under Label Noise for Deep Neural Networks".

    Args:
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return mae_prob(targets, logits)
