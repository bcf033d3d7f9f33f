"""Influence-balanced loss: examples that already move the boundary a lot count less (Park et al. 2021)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf

from lossexp.base.checks import Fraction, Positive
from lossexp.losses.base.counts import CountsLoss, of_label
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_probabilities


@register
class InfluenceBalanced(CountsLoss, MulticlassLoss):
    """Influence-balanced loss: `lambda_y alpha CE / (|p - y|_1 |h|_1 + eps)`, lambda_c ~ 1 / n_c, sum K.

    Park et al. 2021, "Influence-Balanced Loss for Imbalanced Visual Classification". The divisor is the size
    of the gradient at the last layer. Outputs are K logits and, last, |h|_1 of the features that the logits
    are made of (`head="norm"`), `[..., K + 1]`. Hard labels.

    Args:
        alpha: > 0, scales the loss.
        eps: > 0, for examples without influence.
        detach: treat the divisor as a constant in the gradient; the authors' code does not.
        start: in [0, 1], the fraction of the epochs that are trained with plain cross-entropy (the paper: 0.5).
            `on_epoch` ends them.
        class_counts: training examples per class; the weights lambda_c are theirs, and there is no other
            `class_weight`. None: all lambda_c are 1, until `adapt`, which an experiment calls, gives counts.
    """

    link = "softmax_norm"
    head = "norm"

    alpha: Positive = 1000.0
    eps: Positive = 0.001
    detach: bool = False
    start: Fraction = 0.0
    label_smoothing: ClassVar[float] = 0.0
    class_weight: ClassVar[None] = None

    def __post_init__(self):
        super().__post_init__()
        if self.start:
            self._balance = tf.Variable(0.0, trainable=False, name="balance")

    def on_epoch(self, epoch: int, epochs: int) -> None:
        if self.start:
            self._balance.assign(float(epoch >= self.start * epochs))

    def encoded(self, y_true, outputs):
        return multiclass_targets(y_true, outputs[..., :-1], self.ignore_class)

    def values(self, targets, outputs):
        logits, norms = outputs[..., :-1], outputs[..., -1]
        log_p, _ = log_probabilities(logits)
        cross_entropy = -tf.reduce_sum(targets * log_p, axis=-1)
        distance = -2.0 * tf.reduce_sum(targets * tf.math.expm1(log_p), axis=-1)  # |p - y|_1 = 2 (1 - p_y)
        divisor = distance * norms + self.eps
        values = self.alpha * cross_entropy / (tf.stop_gradient(divisor) if self.detach else divisor)
        if self.class_counts is not None:
            inverse = 1.0 / self.counts(logits)
            values *= of_label(targets, inverse * len(inverse) / np.sum(inverse))
        return tf.where(self._balance > 0.0, values, cross_entropy) if self.start else values
