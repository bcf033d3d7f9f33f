"""The base of losses of softmax outputs: one label of K classes, hard or soft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import tensorflow as tf

from lossexp.base import links
from lossexp.base.checks import BelowOne, PerClass
from lossexp.losses.base import arguments, class_weights, targets
from lossexp.losses.base.class_loss import ClassLoss, leave_out
from lossexp.losses.base.counts import of_label
from lossexp.losses.base.loss import register  # noqa: F401 (families of losses take both from here)
from lossexp.losses.numerics import masked
from lossexp.losses.numerics.log_probabilities import log_probabilities


class MulticlassLoss(ClassLoss):
    """A loss of softmax logits `[..., K]`; a subclass implements `formula(t, log_p, log_q)`.

    `call` returns float32 values in the shape `[...]` of the logits without their last axis: one per
    example, or one per position for logits `[batch, positions, K]` or `[batch, H, W, K]`. Labels may be class
    numbers, one-hot or soft (see `targets.multiclass_targets`).

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
            multiplied by `sum_k t_k w_k`, t being its label before smoothing.
    """

    tasks = ("multiclass", "binary", "ordinal", "segmentation")

    label_smoothing: BelowOne = 0.0
    class_weight: Literal["balanced", "effective_number"] | PerClass | None = None

    def __post_init__(self):
        super().__post_init__()
        computed = isinstance(self.class_weight, str)
        self._weights = None if computed else self.class_weight
        self.needs_counts = computed or type(self).needs_counts
        self.weighs_classes = self.class_weight is not None or type(self).weighs_classes

    def formula(self, t: tf.Tensor, log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
        """Values `[...]` for (smoothed) targets t, `log p` and `log q`, with p = softmax(logits) and q = 1 - p.

        All are `[..., K]` float32, and both logarithms keep their digits wherever p is. One that a formula does not
        use costs nothing in a graph.
        """
        raise NotImplementedError

    def values(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Values `[...]` for (smoothed) targets and logits, both `[..., K]` float32.

        A loss whose formula needs the logits themselves overrides it.
        """
        return self.formula(targets, *log_probabilities(logits))

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
        """What the formula gets for the labels `[..., K]`; a subclass with a rule of its own overrides it."""
        return targets.smooth(labels, self.label_smoothing, logits)

    def adapt(self, class_counts: Sequence[int]) -> None:
        super().adapt(class_counts)
        if isinstance(self.class_weight, str):
            counts = arguments.class_counts(self, class_counts, positive=True)
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
        return of_label(labels, self._weights)
