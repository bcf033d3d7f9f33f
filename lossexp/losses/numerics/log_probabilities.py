"""Log-probabilities that keep all their digits, of "is class k" and of "is not class k".

The usual ways lose one end: softmax followed by clipping has no gradient for an example that is wrong by
more than 16 logits, and 1 - exp(log_softmax) is exactly 0 for one that is right by more than 17, where
pow(0, gamma) has an infinite derivative. At most one class has p above 1/2, and there 1 - p is the sum of all
others, which loses nothing. Every classification loss of the package is written in terms of the functions here,
and plain automatic differentiation of them is finite, in eager mode, in graphs and under XLA.
"""

from __future__ import annotations

import tensorflow as tf


def log_probabilities(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`log p_k` and `log(1 - p_k)` of p = softmax(logits), both `[..., K]` in the logits' dtype."""
    log_p = log_softmax(logits)
    p = tf.exp(log_p)
    one = tf.ones([], p.dtype)
    above = p > 0.5 * one
    log_rest = tf.reduce_logsumexp(tf.where(above, -float("inf") * one, log_p), axis=-1, keepdims=True)
    # 1/2 before log1p as well: an infinity in the branch not taken would make NaN gradients.
    return log_p, tf.where(above, log_rest, tf.math.log1p(-tf.where(above, 0.5 * one, p)))


def log_softmax(logits: tf.Tensor) -> tf.Tensor:
    """`log p_k` of p = softmax(logits), `[..., K]` in the logits' dtype, with all digits next to p = 1 too."""
    log_p = tf.nn.log_softmax(logits)
    p = tf.exp(log_p)
    zero, half = tf.constant(0.0, p.dtype), tf.constant(0.5, p.dtype)
    above = p > half
    rest = tf.reduce_sum(tf.where(above, zero, p), axis=-1, keepdims=True)  # 1 - p of the class above 1/2
    return tf.where(above, tf.math.log1p(-tf.where(rest < 0.75, rest, half)), log_p)


def centered(logits: tf.Tensor) -> tf.Tensor:
    """`[..., K]` logits minus their largest: the same softmax, and room for digits of what is added."""
    return logits - tf.stop_gradient(tf.reduce_max(logits, axis=-1, keepdims=True))


def binary_log_probabilities(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`log p` and `log(1 - p)` of p = sigmoid(logits), in the shape of `logits`, float32."""
    logits = tf.cast(logits, tf.float32)
    return -tf.nn.softplus(-logits), -tf.nn.softplus(logits)


def log_mixture(weight: tf.Tensor, log_a: tf.Tensor, log_b: tf.Tensor) -> tf.Tensor:
    """`log(weight * a + (1 - weight) * b)` from log a and log b, for constant weights in [0, 1].

    Exact also at weight 0 and 1; both logarithms must be finite.
    """
    terms = tf.stack([tf.math.log(weight) + log_a, tf.math.log1p(-weight) + log_b], axis=-1)
    return tf.reduce_logsumexp(terms, axis=-1)


def next_to_one(log_x: tf.Tensor, missing: tf.Tensor) -> tf.Tensor:
    """`log_x`, made from `missing`, 1 - x, where x is above 1/2: there it keeps its digits."""
    likely = missing < 0.5
    return tf.where(likely, tf.math.log1p(-tf.where(likely, missing, 0.0)), log_x)
