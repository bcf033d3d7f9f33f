"""Which class is the largest."""

from __future__ import annotations

import tensorflow as tf


def is_largest(x: tf.Tensor) -> tf.Tensor:
    """True at the largest of each row of `x`, `[..., K]`, at the first one if several are equal."""
    first = tf.math.top_k(x, k=1).indices[..., 0]
    return tf.one_hot(first, x.shape[-1], on_value=True, off_value=False)
