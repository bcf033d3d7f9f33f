"""Influence-balanced loss: examples that already move the boundary a lot count less (Park et al. 2021)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf

from lossexp.base.checks import Fraction, Positive
from lossexp.losses.base.counts import CountsLoss, of_label
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.cross_entropy.cross_entropy import cross_entropy
from lossexp.losses.numerics.log_probabilities import log_probabilities


def influence_balanced(
    y_true, logits, norms, alpha: float = 1000.0, eps: float = 0.001, detach: bool = False
) -> tf.Tensor:
    """`alpha CE / (|p - y|_1 |h|_1 + eps)`, `[...]` float32, p = softmax(logits `[..., K]`), hard labels.

    norms: |h|_1 of the features before the last layer, `[...]`. detach: no gradient through the divisor.
    """
    logits, norms = tf.cast(logits, tf.float32), tf.cast(norms, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    distance = 2.0 * tf.reduce_sum(targets * tf.exp(log_not_p), axis=-1)  # |p - y|_1 = 2 (1 - p_y)
    divisor = distance * norms + eps
    if detach:
        divisor = tf.stop_gradient(divisor)
    return -alpha * tf.reduce_sum(targets * log_p, axis=-1) / divisor


@register
class InfluenceBalanced(CountsLoss):
    """Influence-balanced loss: `lambda_y alpha CE / (|p - y|_1 |h|_1 + eps)`, lambda_c ~ 1 / n_c, sum K.

    Park et al. 2021, "Influence-Balanced Loss for Imbalanced Visual Classification". The divisor is the size
    of the gradient at the last layer. Outputs are K logits and, last, |h|_1 of the features that the logits
    are made of (`head="norm"`), `[..., K + 1]`. Hard labels.

    Args:
        alpha: > 0, scales the loss.
        eps: > 0, for examples without influence.
        detach: treat the divisor as a constant in the gradient; the authors' code does not.
        start: in [0, 1], the share of the epochs that are trained with plain cross-entropy (the paper: 0.5).
            `on_epoch` ends them.
        class_counts: training examples per class; the weights lambda_c are theirs, and there is no other
            `class_weight`. None: all lambda_c are 1, until `adapt`, which an experiment calls, gives counts.
        ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range; a class without examples.
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
        values = influence_balanced(targets, logits, norms, self.alpha, self.eps, self.detach)
        if self.class_counts is not None:
            inverse = 1.0 / self.counts(logits)
            values *= of_label(targets, inverse * len(inverse) / np.sum(inverse))
        if not self.start:
            return values
        return tf.where(self._balance > 0.0, values, cross_entropy(targets, logits))
