"""Labels in any encoding become float32 targets in the shape of the logits."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lossexp.losses.base.shapes import of_shape
from lossexp.losses.numerics.masked import is_masked


def multiclass_targets(
    y_true: tf.Tensor, logits: tf.Tensor, ignore_class: int | None = None
) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Targets `[..., K]` float32, and which examples count, `[...]` bool (None without `ignore_class`).

    y_true, for logits `[..., K]`: class numbers `[...]` or `[..., 1]` of any dtype, or one-hot or soft
    labels `[..., K]`. An example counts unless its label is `ignore_class`; for one-hot labels, unless all
    its weight is on that class (a row of zeros, if `ignore_class` lies outside the K classes).

    A label outside [0, K), or not a whole number, and a negative entry of a soft label raise ValueError in
    eager mode. Inside a graph nothing can be raised on every device: such a target is NaN there, so that the
    loss is NaN and not silently 0.
    Raises ValueError if K is 1 or unknown, or if the shapes cannot be matched without broadcasting.
    """
    y_true = tf.convert_to_tensor(y_true)
    check_classes(logits)
    if is_dense(y_true, logits):
        targets = _not_negative(of_shape(tf.cast(y_true, tf.float32), logits))
        return targets, _dense_valid(targets, ignore_class)
    labels = class_numbers(y_true, logits)
    valid = None if ignore_class is None else tf.not_equal(labels, float(ignore_class))
    return _one_hot(labels, valid, logits.shape[-1], ignore_class), valid


def sums_to_one(targets: tf.Tensor) -> tf.Tensor:
    """Whether the labels of an example `[..., K]` sum to 1, `[..., 1]` bool; several classes at once do not."""
    return tf.abs(tf.reduce_sum(targets, axis=-1, keepdims=True) - 1.0) < 1e-3


def smooth(targets: tf.Tensor, label_smoothing: float | tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """`t (1 - e) + e / K` for targets `[..., K]`, K counting the classes that are not masked in the logits.

    Szegedy et al. 2016, section 7. label_smoothing: e, a number or `[..., 1]`.
    """
    if isinstance(label_smoothing, float) and label_smoothing == 0.0:
        return targets
    possible = tf.cast(~is_masked(logits), tf.float32)
    share = tf.math.divide_no_nan(possible, tf.reduce_sum(possible, axis=-1, keepdims=True))
    return targets * (1.0 - label_smoothing) + label_smoothing * share


def check_classes(logits: tf.Tensor) -> None:
    """Raises ValueError unless there are at least two classes, as a static last dimension."""
    if logits.shape.rank is None or (logits.shape[-1] or 0) < 2:
        raise ValueError(
            f"logits of shape {logits.shape}: a softmax loss needs at least two outputs (a static last "
            "dimension K >= 2). For one output use a binary loss."
        )


def is_dense(y_true: tf.Tensor, logits: tf.Tensor) -> bool:
    """Whether labels for logits `[..., K]` are one-hot or soft rows `[..., K]`, and not class numbers."""
    if y_true.shape.rank is None or logits.shape.rank is None:
        raise ValueError(f"y_true {y_true.shape} and logits {logits.shape} must have a known number of axes.")
    return y_true.shape.rank == logits.shape.rank and y_true.shape[-1] != 1


def _not_negative(targets: tf.Tensor) -> tf.Tensor:
    negative = targets < 0.0
    if tf.executing_eagerly() and tf.reduce_any(negative):
        wrong = tf.boolean_mask(targets, negative)[0]
        raise ValueError(f"label {wrong:g}: one-hot and soft labels have no negative entries.")
    return tf.where(negative, float("nan"), targets)


def _dense_valid(targets: tf.Tensor, ignore_class: int | None) -> tf.Tensor | None:
    if ignore_class is None:
        return None
    if 0 <= ignore_class < targets.shape[-1]:
        return targets[..., ignore_class] < 1.0
    return tf.reduce_any(tf.not_equal(targets, 0.0), axis=-1)


def class_numbers(y_true: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Labels `[...]` float32 (exact up to 2**24) for logits `[..., K]`."""
    labels = tf.cast(y_true, tf.float32)
    if labels.shape.rank == logits.shape.rank:
        labels = labels[..., 0]
    if labels.shape.rank != logits.shape.rank - 1 or not labels.shape.is_compatible_with(logits.shape[:-1]):
        raise ValueError(
            f"y_true of shape {y_true.shape} does not fit logits of shape {logits.shape}: expected class "
            f"numbers {logits.shape[:-1]} or one-hot or soft labels {logits.shape}."
        )
    return of_shape(labels, logits, logits.shape.rank - 1)


def known_numbers(labels: tf.Tensor, num_classes: int, ignore_class: int | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    """Float32 class numbers `[...]` as int32, and which of them are one, bool; the others are 0.

    Raises ValueError in eager mode with the first that is none, and no `ignore_class` either.
    """
    known = tf.equal(labels, tf.floor(labels)) & (labels >= 0.0) & (labels < float(num_classes))
    if tf.executing_eagerly():
        _check_known(labels.numpy(), known.numpy(), num_classes, ignore_class)
    return tf.cast(tf.where(known, labels, 0.0), tf.int32), known


def _check_known(labels: np.ndarray, known: np.ndarray, num_classes: int, ignore_class: int | None) -> None:
    wrong = ~known if ignore_class is None else ~(known | (labels == ignore_class))
    if wrong.any():
        position = np.argwhere(wrong)[0].tolist()
        raise ValueError(
            f"label {labels[tuple(position)]} at position {position}: expected whole numbers in "
            f"[0, {num_classes})" + ("." if ignore_class is None else f", or ignore_class={ignore_class}.")
        )


def _one_hot(labels: tf.Tensor, valid: tf.Tensor | None, num_classes: int, ignore_class: int | None) -> tf.Tensor:
    numbers, known = known_numbers(labels, num_classes, ignore_class)
    if valid is not None:
        known |= ~valid
    return tf.where(known[..., tf.newaxis], tf.one_hot(numbers, num_classes), float("nan"))
