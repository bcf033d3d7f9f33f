"""Squared earth mover's distance: for ordered classes, the further off the worse."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets


def squared_emd(y_true, logits) -> tf.Tensor:
    """`sum_k (P(class <= k) - T(class <= k))^2`, `[...]` float32, logits `[..., K]`; see `SquaredEMD`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    below = tf.cumsum(targets, axis=-1)[..., :-1]

    # float64: over many classes the rounding of float32 adds up in the cumulative sums.
    p = tf.nn.softmax(tf.cast(logits, tf.float64))
    below = tf.cast(below, tf.float64)
    up_to = tf.cumsum(p, axis=-1)[..., :-1]
    beyond = tf.cumsum(p, axis=-1, exclusive=True, reverse=True)[..., :-1]
    gaps = up_to * (1.0 - below) - beyond * below
    return tf.cast(tf.reduce_sum(tf.square(gaps), axis=-1), tf.float32)


@register
class SquaredEMD(MulticlassLoss):
    """Squared earth mover's distance between label and softmax prediction of ordered classes 0 to K-1:

    `sum_k (P(class <= k) - T(class <= k))^2`, summed over k.

    Hou et al. 2016, "Squared Earth Mover's Distance-based Loss for Training Deep Neural Networks".

    Args:
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return squared_emd(targets, logits)
