"""What losses of class labels share: weights by class, and examples that do not count."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from lossexp.losses.base.loss import Loss
from lossexp.losses.base.shapes import where_kept
from lossexp.losses.numerics import masked


class ClassLoss(Loss):
    """A loss of several outputs whose labels name classes; `MulticlassLoss` and `OneVsRest` say how.

    With weights by class, `sum_over_batch_size` still divides by the number of examples, as with Keras's
    `fit(class_weight=...)`, and `mean_with_sample_weight` by the sum of weights.

    Args:
        ignore_class: examples with this label have value 0 and no gradient, whatever their logits, and are
            not counted by reductions that take a mean (as in `keras.losses.SparseCategoricalCrossentropy`).
            Where an example has several labels, single ones are left out, and examples that have no other.
    """

    ignore_class: int | None = None
    weighs_classes: ClassVar[bool] = False  # whether values are multiplied by `example_weights`

    def encoded(self, y_true, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Labels `[..., K]` float32, and which examples count, `[...]` bool (None: all)."""
        raise NotImplementedError

    def example_weights(self, labels: tf.Tensor) -> tf.Tensor:
        """The weight of each example, `[...]` float32, for labels before smoothing, `[..., K]`."""
        raise NotImplementedError

    def _labels(self, y_true, logits: tf.Tensor, kept: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor | None]:
        """As `encoded`, without the examples that are not `kept`, `[...]` bool (None: all), whatever their labels."""
        labels, counted = self.encoded(where_kept(y_true, kept), logits)
        return labels, masked.both(counted, kept)

    def __call__(self, y_true, y_pred, sample_weight=None) -> tf.Tensor:
        if sample_weight is not None:
            sample_weight = _of_positions(sample_weight, y_pred)
        if not self.weighs_classes or self.reduction != "mean_with_sample_weight":
            return super().__call__(y_true, y_pred, sample_weight)
        # Keras divides by the sum of sample weights; the class weights belong into that sum.
        logits = tf.cast(y_pred, tf.float32)
        labels, counted = self._labels(y_true, logits, masked.kept(y_pred))
        weights = _spread(sample_weight, tf.shape(labels)[:-1], logits.shape.rank - 1)
        value = super().__call__(y_true, y_pred, weights)
        if counted is not None:
            weights = tf.where(counted, weights, 0.0)
        weighted = tf.reduce_sum(tf.math.multiply_no_nan(self.example_weights(labels), weights))
        return tf.math.divide_no_nan(value * tf.reduce_sum(weights), weighted)


def leave_out(values: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
    """`values` `[...]` with 0 for the examples that do not count, and `counted` `[...]` bool as Keras's mask.

    From the mask Keras's reductions learn how many to divide by.
    """
    if counted is None:
        return values
    values = tf.where(counted, values, 0.0)
    values._keras_mask = counted
    return values


def _of_positions(sample_weight, outputs) -> tf.Tensor:
    """`sample_weight`, and if that is `[batch]`, for each position of outputs `[batch, ..., K]`: `[batch, ...]`."""
    rank, weights = len(outputs.shape), tf.convert_to_tensor(sample_weight)
    if rank <= 2 or weights.shape.rank != 1:
        return weights
    return tf.broadcast_to(tf.reshape(weights, [-1, *[1] * (rank - 2)]), tf.shape(outputs)[:-1])


def _spread(sample_weight, shape: tf.Tensor, rank: int) -> tf.Tensor:
    """`sample_weight` (None: 1), float32 of the given shape: Keras sums weights before it broadcasts them."""
    weights = tf.cast(1.0 if sample_weight is None else sample_weight, tf.float32)
    if weights.shape.rank == rank + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    return tf.broadcast_to(weights, shape)
