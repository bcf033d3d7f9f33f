"""Cosine similarity between label and logits."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.loss import Loss, register
from lossexp.losses.base.shapes import matched


@register
class CosineSimilarity(Loss):
    """`-cos(t, z)` of one-hot labels t and logits z, in [-1, 1]; the sign is Keras's (others use 1 - cos).

    Barz and Denzler 2020, "Deep Learning on Small Datasets without Pre-Training using Cosine Loss". Only the
    direction counts. A zero vector gives 0 and gradient 0. A logit of -inf, a masked class, counts as 0.

    `y_true` and `y_pred` are `[batch, n]`, and the labels may be any vectors; of a single number the cosine is its
    sign, which has no gradient.
    """

    labels = "onehot"

    def call(self, y_true, y_pred):
        logits = tf.cast(y_pred, tf.float32)
        logits = tf.where(tf.equal(logits, -float("inf")), 0.0, logits)
        return -tf.reduce_sum(unit(matched(y_true, logits)) * unit(logits), axis=-1)


def unit(v: tf.Tensor) -> tf.Tensor:
    """Rows of length 1 (zero rows stay, without gradient); scaled first, so that squares cannot overflow."""
    zero = tf.zeros([], v.dtype)
    size = tf.reduce_max(tf.abs(v), axis=-1, keepdims=True)
    v = v / tf.stop_gradient(tf.where(size > 0, size, zero + 1))
    square = tf.reduce_sum(tf.square(v), axis=-1, keepdims=True)
    inverse = 1.0 / tf.sqrt(tf.where(square > 0, square, zero + 1))  # no rsqrt, which is not exact even for 1
    return v * tf.where(square > 0, inverse, zero)
