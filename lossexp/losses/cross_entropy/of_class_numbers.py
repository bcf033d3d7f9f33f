"""Cross-entropy of class numbers by TensorFlow's fused kernel: what most trainings are made of, in half the time."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.multiclass import MulticlassLoss
from lossexp.losses.base.targets import check_classes, class_numbers, is_dense, known_numbers
from lossexp.losses.numerics.masked import MASKED, is_masked, kept
from lossexp.process.runtime import deterministic


def serves(loss: MulticlassLoss, y_true: tf.Tensor, y_pred: tf.Tensor) -> bool:
    """Whether `cross_entropy_of` gives the values of `loss`, whose formula is that of cross-entropy, for this batch."""
    plain = not (loss.label_smoothing or loss.weighs_classes or loss.ignore_class is not None)
    return plain and kept(y_pred) is None and not is_dense(y_true, y_pred) and not deterministic()


def cross_entropy_of(y_true: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """`-log p_y`, `[...]` float32, for class numbers `[...]` or `[..., 1]` and logits `[..., K]`.

    Digits, masks and labels that are no class are those of `MulticlassLoss`: the two may only differ in speed.
    """
    logits = tf.cast(logits, tf.float32)
    check_classes(logits)
    labels, known = known_numbers(class_numbers(y_true, logits), logits.shape[-1])
    values = tf.reshape(_fused(tf.reshape(logits, [-1, logits.shape[-1]]), tf.reshape(labels, [-1])), tf.shape(labels))
    nothing_left = is_masked(tf.reduce_max(logits, axis=-1))
    values = tf.where(nothing_left | (values >= -MASKED), float("inf"), values)
    return tf.ensure_shape(tf.where(known, values, float("nan")), logits.shape[:-1])


def _fused(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """`-log p_y` `[n]` for logits `[n, K]` and int32 labels `[n]`."""

    # The slope comes with the value, and tells 1 - p_y with all its digits. It is custom for rows without any class
    # left, where it is NaN, and 0 is what masks ask for.
    @tf.custom_gradient
    def fused(logits):
        values, slopes = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=labels)
        rest = tf.reduce_sum(tf.nn.relu(slopes), axis=-1)
        exact = -tf.math.log1p(-tf.minimum(rest, 0.5))
        return tf.where(rest < 0.5, exact, values), lambda g: tf.math.multiply_no_nan(slopes, g[:, tf.newaxis])

    return fused(logits)
