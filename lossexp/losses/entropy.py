"""Cross-entropy with a multiple of the prediction's own entropy."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.margin import centered
from lossexp.losses.others import sum_of_others
from lossexp.losses.targets import multiclass_targets


def with_entropy(y_true, logits, weight: float, entropy_weight: float) -> tf.Tensor:
    """`weight CE + entropy_weight H(p)`, `[...]` float32, p = softmax(logits `[..., K]`), H its entropy.

    In float64: where the lead of the largest logit makes the two parts balance, value and gradient are small
    differences. Labels may be class numbers, one-hot, or soft and sum to 1.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    t = tf.cast(targets, tf.float64)

    @tf.custom_gradient
    def total(logits):
        z = tf.cast(centered(logits), tf.float64)
        p = tf.nn.softmax(z)
        not_p = sum_of_others(p)
        sure = p > 0.5
        log_p = tf.where(sure, tf.math.log1p(-tf.where(sure, not_p, tf.zeros_like(p))), tf.nn.log_softmax(z))

        def gradient(upstream):
            lead = z - tf.reduce_sum(p * z, axis=-1, keepdims=True)  # the entropy's gradient is -p_j lead_j
            slope = weight * ((1.0 - t) * p - t * not_p) - entropy_weight * p * lead
            return upstream[..., tf.newaxis] * tf.cast(slope, tf.float32)

        values = -tf.reduce_sum((weight * t + entropy_weight * p) * log_p, axis=-1)
        return tf.cast(values, tf.float32), gradient

    return total(logits)
