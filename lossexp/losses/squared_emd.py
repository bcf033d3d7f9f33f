"""Squared earth mover's distance: for ordered classes, the further off the worse."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.classification import MulticlassLoss, register
from lossexp.losses.targets import multiclass_targets


def squared_emd(y_true, logits) -> tf.Tensor:
    """`sum_k (P(class <= k) - T(class <= k))^2`, `[...]` float32, logits `[..., K]`; see `SquaredEMD`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    below = tf.cumsum(targets, axis=-1)[..., :-1]

    @tf.custom_gradient
    def distance(logits):
        p = tf.nn.softmax(tf.cast(logits, tf.float64))
        up_to, beyond = (
            tf.cumsum(p, axis=-1)[..., :-1],
            tf.cumsum(p, axis=-1, exclusive=True, reverse=True)[..., :-1],
        )
        t = tf.cast(below, tf.float64)
        gaps = up_to * (1.0 - t) - beyond * t

        def gradient(upstream):
            # Gap k grows by p_j (1 - P_k) if class j is at most k, and falls by p_j P_k if not.
            within = tf.cumsum(gaps * beyond, axis=-1, reverse=True)
            after = tf.cumsum(gaps * up_to, axis=-1)
            zero = tf.zeros_like(p[..., :1])
            slope = 2.0 * p * (tf.concat([within, zero], axis=-1) - tf.concat([zero, after], axis=-1))
            return upstream[..., tf.newaxis] * tf.cast(slope, tf.float32)

        return tf.cast(tf.reduce_sum(tf.square(gaps), axis=-1), tf.float32), gradient

    return distance(logits)


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
