"""Which class is the largest."""

from __future__ import annotations

import tensorflow as tf


def is_largest(x: tf.Tensor) -> tf.Tensor:
    """True at the largest of each row of `x`, `[..., K]`, at the first one if several are equal."""
    return tf.one_hot(tf.argmax(x, axis=-1), x.shape[-1], on_value=True, off_value=False)
