"""K sigmoid outputs, one question "is it class k?" each: for one label of K classes, or for many labels."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.classification import MulticlassLoss
from lossexp.losses.targets import binary_targets


class OneVsRest(MulticlassLoss):
    """A loss of K sigmoid outputs `[batch, K]`; a subclass implements `values(targets, logits)`, `[batch]`.

    Labels are class numbers, one-hot, or several ones a row `[batch, K]` (multi-label). With a single output
    `[batch, 1]`, labels are 0 and 1. Predicted probabilities are the K sigmoids, scaled to sum to 1.
    """

    link = "one_vs_rest"

    def call(self, y_true, y_pred) -> tf.Tensor:
        if y_pred.shape[-1] != 1:
            return super().call(y_true, y_pred)
        logits = tf.cast(y_pred, tf.float32)
        return self.values(binary_targets(y_true, logits), logits)
