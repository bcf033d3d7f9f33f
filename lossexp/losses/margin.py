"""Log-probabilities that keep all their digits, of "is class k" and of "is not class k".

The usual ways lose one end: softmax followed by clipping has no gradient for an example that is wrong by
more than 16 logits, and 1 - exp(log_softmax) is exactly 0 for one that is right by more than 17, where
pow(0, gamma) has an infinite derivative. Both ends stay exact when the probability of a class is written
through its margin over all the others, m = z_k - logsumexp_{j != k}(z_j):

    log p_k = -softplus(-m)        log(1 - p_k) = -softplus(m)

Plain automatic differentiation of these is finite and has no false zeros, in eager mode, in graphs and
under XLA. Every classification loss of the package is written in terms of the two functions here.
"""

from __future__ import annotations

import tensorflow as tf


def log_probabilities(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`log p_k` and `log(1 - p_k)` of p = softmax(logits), both `[..., K]` float32, from `[..., K]` logits.

    O(K): the margin is needed only for the class with the largest logit. For every other class p_k <= 1/2,
    where log-softmax and log1p(-p_k) are already accurate.
    """
    logits = centered(tf.cast(logits, tf.float32))
    is_top = tf.one_hot(tf.argmax(logits, axis=-1), logits.shape[-1], on_value=True, off_value=False)

    top = tf.reduce_sum(tf.where(is_top, logits, 0.0), axis=-1, keepdims=True)
    rest = tf.reduce_logsumexp(tf.where(is_top, -float("inf"), logits), axis=-1, keepdims=True)
    log_p_top, log_q_top = binary_log_probabilities(top - rest)

    log_softmax = logits - tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
    # The top class is replaced before log1p as well: an infinity in the branch not taken would make NaN
    # gradients.
    log_p_other = tf.where(is_top, -1.0, log_softmax)
    log_q_other = tf.math.log1p(-tf.exp(log_p_other))
    return tf.where(is_top, log_p_top, log_p_other), tf.where(is_top, log_q_top, log_q_other)


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
