"""Sums over all classes but one, for gradients that must not cancel.

The gradient of a loss through softmax is `p_j sum_k p_k (a_j - a_k)`, with `a = dL/dp`. Where a sum over the
other classes is computed as "the total minus my own term", or where differences are taken after summing, a
class that holds nearly all of the total, or a pair that should cancel exactly, leaves only rounding error.
"""

from __future__ import annotations

import tensorflow as tf

SMALLEST = 1e-290  # float64: dL/dp may overflow below it


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


def slope_through_softmax(pull: tf.Tensor, p: tf.Tensor) -> tf.Tensor:
    """Gradient by the logits, `[..., K]`, of a loss with `pull_k = dL / d log p_k` at p = softmax, float64.

    `dL/dp` counts from its value at the likeliest class, so that a class equal to that one cancels exactly.
    """
    real = p > SMALLEST
    a = pull / tf.where(real, p, tf.ones_like(p))
    zero = tf.zeros_like(a)
    at_top = tf.reduce_sum(tf.where(is_largest(p), a, zero), axis=-1, keepdims=True)
    moved = tf.where(real, p * (a - at_top), pull)
    return sum_of_others(p) * moved - p * sum_of_others(moved)
