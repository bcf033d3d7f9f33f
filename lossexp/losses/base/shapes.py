"""Labels in the shape of a model's outputs, never by broadcasting."""

from __future__ import annotations

import tensorflow as tf


def matched(y_true: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """`y_true` as float32 in the shape of `outputs`, `[..., L]`; for L = 1, `y_true` may be `[...]`.

    Raises ValueError if the shapes cannot be matched without broadcasting.
    """
    y_true = tf.cast(y_true, tf.float32)
    if y_true.shape.rank == outputs.shape.rank - 1 and outputs.shape[-1] == 1:
        y_true = y_true[..., tf.newaxis]
    return of_shape(y_true, outputs)


def of_shape(y_true: tf.Tensor, outputs: tf.Tensor, axes: int | None = None) -> tf.Tensor:
    """`y_true`, which must have the shape of `outputs`, or the same first `axes` axes: nothing broadcasts.

    Raises ValueError where shapes are known, as in eager mode. Inside a graph the unknown ones are compared when
    it runs, which raises InvalidArgumentError; XLA compares only how many labels there are.
    """
    further = [] if axes is None else y_true.shape[axes:]
    axes = outputs.shape.rank if axes is None else axes
    expected = outputs.shape[:axes].concatenate(further)
    if not y_true.shape.is_compatible_with(expected):
        raise ValueError(f"y_true of shape {y_true.shape} does not fit outputs of shape {outputs.shape}.")
    y_true = tf.ensure_shape(y_true, expected)
    if y_true.shape[:axes].is_fully_defined() and outputs.shape[:axes].is_fully_defined():
        return y_true
    shape = tf.concat([tf.shape(outputs)[:axes], tf.shape(y_true)[axes:]], axis=0)
    fits = tf.debugging.assert_equal(tf.shape(y_true), shape, message="y_true does not fit the outputs: their shapes")
    with tf.control_dependencies([fits]):
        return tf.ensure_shape(tf.reshape(y_true, shape), expected)  # the reshape is for XLA, which drops assertions


def where_kept(y_true, kept: tf.Tensor | None) -> tf.Tensor:
    """`y_true` with 0 for the positions that are not `kept`, `[...]` bool (None: all), whose labels may be anything."""
    if kept is None:
        return y_true
    y_true = of_shape(tf.convert_to_tensor(y_true), kept, kept.shape.rank)
    kept = tf.reshape(kept, tf.concat([tf.shape(kept), tf.ones_like(tf.shape(y_true)[kept.shape.rank :])], axis=0))
    return tf.where(kept, y_true, tf.zeros_like(y_true))
