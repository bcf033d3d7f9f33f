"""K sigmoid outputs, one question "is it class k?" each: for one label of K classes, or for many labels."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from lossexp.losses.base.binary_targets import binary_targets, without
from lossexp.losses.base.class_loss import ClassLoss, leave_out
from lossexp.losses.base.shapes import where_kept
from lossexp.losses.base.targets import is_dense, multiclass_targets
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities
from lossexp.losses.numerics.masked import MASKED, both, finite, kept, limit


class OneVsRest(ClassLoss):
    """A loss of K sigmoid outputs `[batch, K]`; a subclass implements `formula(t, log_p, log_q)`.

    Labels are class numbers, one-hot, or several ones a row `[batch, K]` (multi-label). With a single output
    `[batch, 1]`, labels are 0 and 1. Predicted probabilities are the K sigmoids, scaled to sum to 1. There is
    no `class_weight`: an example with several labels has no one class to take its weight from.

    With an `ignore_class`, examples with this class number are ignored. In rows of labels `[batch, K]` it is
    the single labels equal to it that are left out (-1 for "not known"), and an example without any other is
    ignored; an `ignore_class` in [0, K) there means rows whose only label is that class. A row of zeros is an
    example without labels, and counts.

    A logit of -inf answers "no" for certain: value 0 for a negative, +inf for a positive (see `MulticlassLoss`),
    and no gradient. A mean over labels counts it.

    Class attribute `averages`: whether the value of an example is a mean over its labels, and not a sum.
    """

    tasks = ("multiclass", "binary", "ordinal", "multilabel", "segmentation")
    link = "one_vs_rest"
    averages: ClassVar[bool] = False

    def formula(self, t: tf.Tensor, log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
        """Values `[batch, K]` for targets t, `log p` and `log q`, with p = sigmoid(logits) and q = 1 - p."""
        raise NotImplementedError

    def values(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Values `[batch]` for targets and logits `[batch, K]` float32; a loss that needs the logits overrides it."""
        values = self.formula(targets, *binary_log_probabilities(logits))
        return tf.reduce_mean(values, axis=-1) if self.averages else tf.reduce_sum(values, axis=-1)

    def call(self, y_true, y_pred) -> tf.Tensor:
        logits, examples = finite(y_pred), kept(y_pred)
        labels, counted = self._by_label(where_kept(y_true, examples), logits)
        if examples is not None:
            counted = both(counted, tf.broadcast_to(examples[..., tf.newaxis], tf.shape(labels)))
        if counted is None:
            return self._weighted(labels, logits)
        # What is left out is a negative of probability 0, which adds nothing to any sum over negatives.
        values = self._weighted(tf.where(counted, labels, 0.0), tf.where(counted, logits, MASKED))
        if self.averages:
            fraction = tf.reduce_mean(tf.cast(counted, tf.float32), axis=-1)
            values = tf.math.divide_no_nan(values, fraction)
        return leave_out(values, tf.reduce_any(counted, axis=-1))

    def encoded(self, y_true, logits):
        labels, counted = self._by_label(y_true, logits)
        return labels, None if counted is None else tf.reduce_any(counted, axis=-1)

    def _weighted(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        values = self.values(labels, logits)
        return limit(values * self.example_weights(labels) if self.weighs_classes else values, logits)

    def _by_label(self, y_true, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Labels `[batch, K]` float32, and which of them count (None: all)."""
        ignored, num_classes = self.ignore_class, logits.shape[-1]
        if num_classes == 1:
            y_true, counted = without(y_true, logits, ignored)
            return binary_targets(y_true, logits), counted
        y_true = tf.convert_to_tensor(y_true)
        if ignored is None:
            return multiclass_targets(y_true, logits)
        dense = is_dense(y_true, logits)
        if dense and not 0 <= ignored < num_classes:
            y_true, counted = without(y_true, logits, ignored)
            return multiclass_targets(y_true, logits)[0], counted
        labels, valid = multiclass_targets(y_true, logits, ignored)
        if dense:
            valid |= tf.reduce_sum(labels, axis=-1) > 1.0
        return labels, tf.broadcast_to(valid[..., tf.newaxis], tf.shape(labels))
