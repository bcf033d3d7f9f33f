"""What is left out of an example: classes with a logit of minus infinity, and positions that Keras masks.

Formulas never see an infinity, whose product with 0 would be NaN. `finite` puts a stand-in there, so far below
every other logit that its probability and all powers of it are 0, and `limit` says what the value is as the
stand-in goes to infinity.
"""

from __future__ import annotations

import tensorflow as tf

# Exact in float32, and far from the largest number there, as losses multiply it.
MASKED = -1e20
UNBOUNDED = 1e10  # no loss that has a bound is above it; of MASKED, every other one is


def finite(logits: tf.Tensor) -> tf.Tensor:
    """Float32 logits with `MASKED` for minus infinity, without gradient there."""
    logits = tf.cast(logits, tf.float32)
    return tf.where(is_masked(logits), MASKED, logits)  # no maximum, which may lose a NaN


def is_masked(logits: tf.Tensor) -> tf.Tensor:
    """Where logits are minus infinity or its stand-in."""
    return logits <= MASKED


def is_idle(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Masked classes that have no weight in the label: sums over all classes leave them out."""
    return is_masked(logits) & tf.equal(targets, 0.0)


def limit(values: tf.Tensor, logits: tf.Tensor, classes_left: bool = False) -> tf.Tensor:
    """`values` `[...]`, infinite and without gradient where they would grow without bound with the stand-ins.

    logits: `finite`, `[..., K]`, all of the batch, since a value may depend on all of it. classes_left: whether a
    row without any class left is infinite too, as for a softmax, which is not defined there.
    """
    grows = is_masked(tf.reduce_min(logits)) & (values > UNBOUNDED)
    if classes_left:
        grows |= is_masked(tf.reduce_max(logits, axis=-1))
    return tf.where(grows, float("inf"), values)


def kept(outputs: tf.Tensor) -> tf.Tensor | None:
    """Keras's mask of a model's outputs `[..., K]`, `[...]` bool; None if there is none."""
    mask = getattr(outputs, "_keras_mask", None)
    return None if mask is None else tf.cast(mask, tf.bool)


def both(a: tf.Tensor | None, b: tf.Tensor | None) -> tf.Tensor | None:
    """Where both hold; None holds everywhere."""
    if a is None or b is None:
        return b if a is None else a
    return a & b
