"""What a wrapped loss gets and gives: labels and outputs in the form it was written for, one value per example."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from lossexp.losses.base.shapes import matched, of_shape
from lossexp.losses.base.targets import class_numbers, multiclass_targets
from lossexp.losses.numerics.masked import is_masked

BLANK = -1e9  # logit of the blank symbol, low enough to have probability 0


def labels_for(labels: str, on: str, link: str | Mapping, y_true, outputs: tf.Tensor) -> tf.Tensor:
    """The labels in the encoding `labels`, in the shape of outputs `[batch, width]`; see `Adapted`."""
    if labels == "sparse":
        numbers = tf.cast(class_numbers(y_true, outputs), tf.int32)
        return numbers[:, tf.newaxis] + 1 if on == "frames" else numbers
    if labels == "onehot":
        return multiclass_targets(y_true, outputs)[0]
    if link == "gaussian":  # two outputs for one value
        outputs = outputs[..., :1]
    return matched(y_true, outputs)


def outputs_for(on: str, link: str | Mapping, outputs: tf.Tensor) -> tf.Tensor:
    """What `on` says of the raw outputs `[batch, width]`; see `Adapted`."""
    if on == "probabilities":
        return tf.nn.sigmoid(outputs) if link == "sigmoid" else tf.nn.softmax(outputs)
    if on == "positive":
        return tf.nn.softplus(outputs)
    if on == "embeddings":
        return tf.math.l2_normalize(tf.where(is_masked(outputs), 0.0, outputs), axis=-1)
    if on == "frames":
        blank = tf.fill([tf.shape(outputs)[0], 1], BLANK)
        return tf.concat([blank, outputs], axis=-1)[:, tf.newaxis]
    return outputs


def per_example(name: str, values: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """`[batch]` float32 from values `[batch, ...]`, means over the further axes, or from one number of the whole batch.

    Raises ValueError for other shapes.
    """
    if values.shape.rank == 0:
        values = tf.fill(tf.shape(outputs)[:1], values)  # of every reduction to a mean, the number itself
    if not values.shape[:1].is_compatible_with(outputs.shape[:1]):
        raise ValueError(f"{name} returned values {values.shape} for outputs {outputs.shape}.")
    if values.shape.rank > 1:
        values = tf.reduce_mean(values, axis=list(range(1, values.shape.rank)))
    return of_shape(tf.cast(values, tf.float32), outputs, axes=1)
