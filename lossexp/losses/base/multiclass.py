"""What losses of several classes share: casts, label encodings, smoothing, class weights, ignored labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import tensorflow as tf

from lossexp.base import links
from lossexp.base.checks import BelowOne, PerClass
from lossexp.losses.base import class_weights, targets, validation
from lossexp.losses.base.loss import Loss, register  # noqa: F401 (families of losses take both from here)
from lossexp.losses.numerics import masked


class MulticlassLoss(Loss):
    """A loss of softmax logits `[..., K]`; a subclass implements `values(targets, logits)`.

    `call` returns float32 values in the shape `[...]` of the logits without their last axis: one per
    example, or one per position for logits `[batch, positions, K]`. Labels may be class numbers, one-hot or
    soft (see `targets.multiclass_targets`).

    A logit of -inf masks a class for its example: the class has probability 0 and no gradient, and the value is
    that of the loss on the other classes, over which label smoothing is spread too. Where the label itself is
    masked, the value is what the formula tends to as p_y goes to 0: +inf, as in Keras, and without gradient, or
    the bound of a loss that has one. An example whose classes are all masked is +inf. What a loss
    takes from the whole training set or batch (class counts, means over K) is not changed by a mask.

    Positions that Keras masks (`_keras_mask` of the outputs) are left out as those of `ignore_class` are.

    Args:
        label_smoothing: e in [0, 1); targets become `t (1 - e) + e / K` before anything else.
        class_weight: None, a list of K weights >= 0, not all 0, or `"balanced"` or `"effective_number"`
            (functions of `class_weights`), computed from the counts given to `adapt`. The value of an example is
            multiplied by `sum_k t_k w_k`, t being its label before smoothing. As with Keras's
            `fit(class_weight=...)`, `sum_over_batch_size` still divides by the number of examples, and
            `mean_with_sample_weight` by the sum of weights.
        ignore_class: examples with this label have value 0 and no gradient, whatever their logits, and are
            not counted by reductions that take a mean (as in `keras.losses.SparseCategoricalCrossentropy`).
            Where an example has several labels, single ones are left out, and examples that have no other.
    """

    label_smoothing: BelowOne = 0.0
    class_weight: Literal["balanced", "effective_number"] | PerClass | None = None
    ignore_class: int | None = None
    weighs_classes: ClassVar[bool] = False  # whether `call` multiplies values by `example_weights`

    def __post_init__(self):
        super().__post_init__()
        computed = isinstance(self.class_weight, str)
        self._weights = None if computed else self.class_weight
        self.needs_counts = computed or type(self).needs_counts
        self.weighs_classes = self.class_weight is not None or type(self).weighs_classes

    def values(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Values `[...]` for (smoothed) targets `[..., K]` and logits `[..., K]`, both float32."""
        raise NotImplementedError

    def batch_values(self, targets: tf.Tensor, logits: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
        """`values` of a batch of which the examples `counted`, `[...]` bool, count (None: all).

        A loss that compares the examples of a batch overrides it, so that the others do not take part.
        """
        return self.values(targets, logits)

    def encoded(self, y_true, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Labels `[..., K]` and which examples count, as `multiclass_targets`.

        A subclass whose outputs are not K logits overrides it.
        """
        return targets.multiclass_targets(y_true, logits, self.ignore_class)

    def smoothed(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """What `values` gets for the labels `[..., K]`; a subclass with a rule of its own overrides it."""
        return targets.smooth(labels, self.label_smoothing, logits)

    def adapt(self, class_counts: Sequence[int]) -> None:
        super().adapt(class_counts)
        if isinstance(self.class_weight, str):
            counts = validation.class_counts(self, class_counts, positive=True)
            self._weights = class_weights.COMPUTED[self.class_weight](counts)

    def call(self, y_true, y_pred) -> tf.Tensor:
        logits = masked.finite(y_pred)
        labels, counted = self._labels(y_true, logits, masked.kept(y_pred))
        if counted is not None:
            logits = tf.where(counted[..., tf.newaxis], logits, 0.0)  # so that a NaN there cannot leak
        values = self.batch_values(self.smoothed(labels, logits), logits, counted)
        if self.weighs_classes:
            values *= self.example_weights(labels)
        return leave_out(masked.limit(values, logits, links.named(self.link).per_class), counted)

    def _labels(self, y_true, logits: tf.Tensor, kept: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor | None]:
        """As `encoded`, without the examples that are not `kept`, `[...]` bool (None: all), whatever their labels."""
        labels, counted = self.encoded(targets.where_kept(y_true, kept), logits)
        return labels, masked.both(counted, kept)

    def __call__(self, y_true, y_pred, sample_weight=None) -> tf.Tensor:
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

    def example_weights(self, labels: tf.Tensor) -> tf.Tensor:
        """`sum_k t_k w_k`, `[...]` float32, for labels t before smoothing, `[..., K]`."""
        if self._weights is None:
            raise ValueError(
                f"{type(self).__name__}: class_weight={self.class_weight!r} is computed from class counts; "
                "call adapt(class_counts) with the training split's counts before training."
            )
        if len(self._weights) != labels.shape[-1]:
            raise ValueError(
                f"{type(self).__name__}: class_weight has {len(self._weights)} entries for {labels.shape[-1]} classes."
            )
        # No matrix product: a GPU may round those to 10 bits (TF32).
        return tf.reduce_sum(labels * np.asarray(self._weights, np.float32), axis=-1)


def leave_out(values: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
    """`values` `[...]` with 0 for the examples that do not count, and `counted` `[...]` bool as Keras's mask.

    From the mask Keras's reductions learn how many to divide by.
    """
    if counted is None:
        return values
    values = tf.where(counted, values, 0.0)
    values._keras_mask = counted
    return values


def _spread(sample_weight, shape: tf.Tensor, rank: int) -> tf.Tensor:
    """`sample_weight` (None: 1), float32 of the given shape: Keras sums weights before it broadcasts them."""
    weights = tf.cast(1.0 if sample_weight is None else sample_weight, tf.float32)
    if weights.shape.rank == rank + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    return tf.broadcast_to(weights, shape)
