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
    """`log p_k` and `log(1 - p_k)` of p = softmax(logits), both `[..., K]` in the logits' dtype."""
    below, is_top, rest = _below_the_top(logits)
    one = tf.ones([], below.dtype)
    log_p = below - tf.math.log1p(rest)
    # Above 1/2, 1 - p is the sum of all others, whose logarithm is taken where the sum underflows.
    alone = is_top & (rest < 1.0)
    log_rest = tf.reduce_logsumexp(tf.where(is_top, -float("inf") * one, below), axis=-1, keepdims=True)
    # -1 before log1p as well: an infinity in the branch not taken would make NaN gradients.
    log_q = tf.math.log1p(-tf.exp(tf.where(alone, -one, log_p)))
    return log_p, tf.where(alone, log_rest - tf.math.log1p(rest), log_q)


def log_softmax(logits: tf.Tensor) -> tf.Tensor:
    """`log p_k` of p = softmax(logits), `[..., K]` in the logits' dtype, with all digits next to p = 1 too."""
    below, _, rest = _below_the_top(logits)
    return below - tf.math.log1p(rest)


def _below_the_top(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Logits minus their largest, `[..., K]`; which that is; and `sum exp` of all others, `[..., 1]`.

    The largest is a constant 0, so that its gradient is the sum of the others' and not a difference from 1.
    """
    logits = tf.convert_to_tensor(logits)
    is_top = tf.equal(tf.argmax(logits, axis=-1)[..., tf.newaxis], tf.range(logits.shape[-1], dtype=tf.int64))
    zero = tf.zeros([], logits.dtype)
    top = tf.reduce_sum(tf.where(is_top, logits, zero), axis=-1, keepdims=True)
    below = tf.where(is_top, zero, logits - top)
    return below, is_top, tf.reduce_sum(tf.where(is_top, zero, tf.exp(below)), axis=-1, keepdims=True)


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
