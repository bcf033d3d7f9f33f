"""Sums over all classes but one, for differences that must not cancel."""

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
