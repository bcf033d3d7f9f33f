"""What losses of sigmoid outputs share that answer yes-or-no questions: casts, smoothing, ignored labels."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import BelowOne
from lossexp.losses.base.binary_targets import binary_targets, smooth_binary, without
from lossexp.losses.base.class_loss import leave_out
from lossexp.losses.base.loss import Loss
from lossexp.losses.base.shapes import where_kept
from lossexp.losses.numerics import masked
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities


class BinaryLoss(Loss):
    """A loss of independent sigmoid logits `[batch, L]` (L = 1: binary; L > 1: multi-label).

    A subclass implements `formula(t, log_p, log_q)`, one value per label; `call` returns their mean over the
    last axis, `[batch]` float32. Labels are 0, 1 or anything between, `[batch, L]`; for L = 1, labels and
    logits may be `[batch]`.

    A logit of -inf answers "no" for certain: value 0 for a label of 0, +inf for another (see `MulticlassLoss`), and
    no gradient; the mean over labels counts it, and label smoothing does not move its label. Positions that Keras
    masks are left out as those of `ignore_class` are.

    Args:
        label_smoothing: e in [0, 1); targets become `t (1 - e) + e / 2` before anything else.
        ignore_class: labels equal to it are left out, whatever their logits: the mean is over the labels
            counted, and an example without any is ignored as in `MulticlassLoss`.
    """

    tasks = ("binary", "multilabel")
    labels = "binary"
    link = "sigmoid"

    label_smoothing: BelowOne = 0.0
    ignore_class: int | None = None

    def formula(self, t: tf.Tensor, log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
        """Values `[batch, L]` for (smoothed) targets t, `log p` and `log q`, q = 1 - p, p = sigmoid(logits)."""
        raise NotImplementedError

    def values(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Values `[batch, L]` for (smoothed) targets and logits; a loss that needs the logits overrides it."""
        return self.formula(targets, *binary_log_probabilities(logits))

    def batch_values(self, targets: tf.Tensor, logits: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
        """Values `[batch]`: means over the labels `counted`, `[batch, L]` bool (None: all); 0 if none is.

        A loss that compares the labels of a batch overrides it, so that the others do not take part.
        """
        values = self.values(targets, logits)
        if counted is None:
            return tf.reduce_mean(values, axis=-1)
        weights = tf.cast(counted, tf.float32)
        return tf.math.divide_no_nan(tf.reduce_sum(values * weights, -1), tf.reduce_sum(weights, -1))

    def encoded(self, y_true: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Labels in [0, 1] in the shape of `logits`; a subclass that takes others too overrides it."""
        return binary_targets(y_true, logits)

    def call(self, y_true, y_pred) -> tf.Tensor:
        logits, examples = masked.finite(y_pred), masked.kept(y_pred)
        if logits.shape.rank == 1:
            logits = logits[:, tf.newaxis]
        y_true, counted = without(where_kept(y_true, examples), logits, self.ignore_class)
        if examples is not None:
            counted = masked.both(counted, tf.broadcast_to(examples[..., tf.newaxis], tf.shape(logits)))
        if counted is not None:
            logits = tf.where(counted, logits, 0.0)
        labels = smooth_binary(self.encoded(y_true, logits), self.label_smoothing, logits)
        values = masked.limit(self.batch_values(labels, logits, counted), logits)
        return leave_out(values, None if counted is None else tf.reduce_any(counted, axis=-1))
