"""Cosine similarity between target and prediction vectors."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss, pair


def cosine_similarity(y_true, y_pred) -> tf.Tensor:
    """`-cos(y_true, y_pred)` over the last axis; see `CosineSimilarity`."""
    y_true, y_pred = pair(y_true, y_pred)
    y_pred = tf.where(tf.equal(y_pred, -float("inf")), 0.0, y_pred)
    return -tf.reduce_sum(unit(y_true) * unit(y_pred), axis=-1)


@register
class CosineSimilarity(ValueLoss):
    """`-cos(y_true, y_pred)` over the last axis, in [-1, 1]; the sign is Keras's (others use 1 - cos).

    Only the direction counts, so it needs vectors of two numbers or more: of a single number the cosine is
    its sign, which has no gradient. In a training it therefore compares one-hot labels with the logits
    (Barz and Denzler 2020, "Deep Learning on Small Datasets without Pre-Training using Cosine Loss"). A zero
    vector gives 0 and gradient 0. An output of -inf, a masked class, counts as 0.

    Shapes: `y_true` and `y_pred` `[batch, n]`, any real values; returns `[batch]` float32.
    """

    tasks = ("multiclass", "binary")
    labels = "onehot"
    link = "softmax"

    def call(self, y_true, y_pred):
        return cosine_similarity(y_true, y_pred)


def unit(v: tf.Tensor) -> tf.Tensor:
    """Rows of length 1 (zero rows stay, without gradient); scaled first, so that squares cannot overflow."""
    zero = tf.zeros([], v.dtype)
    size = tf.reduce_max(tf.abs(v), axis=-1, keepdims=True)
    v = v / tf.stop_gradient(tf.where(size > 0, size, zero + 1))
    square = tf.reduce_sum(tf.square(v), axis=-1, keepdims=True)
    inverse = 1.0 / tf.sqrt(tf.where(square > 0, square, zero + 1))  # no rsqrt, which is not exact even for 1
    return v * tf.where(square > 0, inverse, zero)
