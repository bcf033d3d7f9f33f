"""Labels of yes-or-no questions become float32 targets in the shape of the logits."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.shapes import matched
from lossexp.losses.numerics.masked import is_masked


def binary_targets(y_true: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Targets in [0, 1], float32 in the shape of `logits`, `[..., L]`; for L = 1, `y_true` may be `[...]`.

    A label outside [0, 1] raises ValueError in eager mode and is NaN inside a graph, as for
    `multiclass_targets`. Raises ValueError if the shapes cannot be matched without broadcasting.
    """
    targets = matched(y_true, logits)
    known = (targets >= 0.0) & (targets <= 1.0)
    return _known(targets, known, "a sigmoid loss takes labels 0 and 1, or soft labels between.")


def signed_targets(y_true: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """As `binary_targets`, and a label of -1 is accepted for 0."""
    targets = matched(y_true, scores)
    known = tf.equal(targets, -1.0) | (targets >= 0.0) & (targets <= 1.0)
    expected = "a hinge loss takes labels 0 and 1, or -1 and 1, or soft labels between 0 and 1."
    return tf.maximum(_known(targets, known, expected), 0.0)


def without(y_true: tf.Tensor, logits: tf.Tensor, ignore_class: int | None) -> tuple[tf.Tensor, tf.Tensor | None]:
    """`y_true` in the shape of `logits`, `[..., L]`, with 0 where it is `ignore_class`, and where it is not.

    Without an `ignore_class`, `y_true` as it is and None. Raises ValueError as `matched`.
    """
    if ignore_class is None:
        return y_true, None
    labels = matched(y_true, logits)
    counted = tf.not_equal(labels, float(ignore_class))
    return tf.where(counted, labels, 0.0), counted


def smooth_binary(targets: tf.Tensor, label_smoothing: float, logits: tf.Tensor) -> tf.Tensor:
    """`t (1 - e) + e / 2`: the same with two classes."""
    if label_smoothing == 0.0:
        return targets
    return tf.where(is_masked(logits), targets, targets * (1.0 - label_smoothing) + label_smoothing / 2.0)


def _known(targets: tf.Tensor, known: tf.Tensor, expected: str) -> tf.Tensor:
    """`targets` with NaN where not `known`; in eager mode ValueError with the first such label."""
    if tf.executing_eagerly() and not tf.reduce_all(known):
        raise ValueError(f"label {tf.boolean_mask(targets, ~known)[0]:g}: {expected}")
    return tf.where(known, targets, float("nan"))
