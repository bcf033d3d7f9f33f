"""Sums over all classes but one, for gradients that must not cancel.

The gradient of a loss through softmax is `p_j (1 - p_j) a_j - p_j sum_{k != j} p_k a_k`, with `a = dL/dp`.
Where the sum over the others is computed as "the total minus my own term", a class that holds nearly all of
the total leaves only rounding error behind.
"""

from __future__ import annotations

import tensorflow as tf


def is_largest(x: tf.Tensor) -> tf.Tensor:
    """True at the largest of each row of `x`, `[..., K]`, at the first one if several are equal."""
    return tf.one_hot(tf.argmax(x, axis=-1), x.shape[-1], on_value=True, off_value=False)


def sum_of_others(x: tf.Tensor) -> tf.Tensor:
    """`sum_{k != j} x_k` for every j, over the last axis, to the last digits where no x is negative."""
    is_top = is_largest(tf.abs(x))
    top = tf.reduce_sum(tf.where(is_top, x, tf.zeros_like(x)), axis=-1, keepdims=True)
    rest = tf.reduce_sum(tf.where(is_top, tf.zeros_like(x), x), axis=-1, keepdims=True)
    return tf.where(is_top, rest, top + (rest - x))


def mean_of_others(targets: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """`sum_{k != j} t_k x_k / sum_{k != j} t_k` for every j (0 where no other class has weight)."""
    return tf.math.divide_no_nan(sum_of_others(targets * x), sum_of_others(targets))
