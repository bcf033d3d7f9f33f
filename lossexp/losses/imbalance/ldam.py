"""LDAM: larger margins for rarer classes, and deferred re-weighting (Cao et al. 2019)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf

from lossexp.base.checks import BelowOne, Fraction, NonNegative, Positive
from lossexp.losses.base.class_weights import effective_number
from lossexp.losses.base.counts import CountsLoss, of_label
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.margin.cosine_margins import margin_softmax


@register
class LDAM(CountsLoss, MulticlassLoss):
    """Label-distribution-aware margin loss: `-log softmax(s (c - m_y e_y))_y`, `m_c ~ n_c^(-1/4)`.

    Cao et al. 2019, "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", section
    3.2. Outputs must be cosines (`head="cosine"`): with ordinary logits the scale s makes it diverge.
    Probabilities are softmax(s c), without the margins. Soft and smoothed labels t give
    `sum_k t_k CE_k(s (c - m_k e_k))`: each class in turn is the true one, with its own margin. There is no
    `class_weight`.

    Args:
        max_m: >= 0, the margin of the rarest class; 0 is cross-entropy of s c.
        s: > 0, the scale of the cosines.
        drw: None, or when deferred re-weighting starts, as a fraction of the epochs in [0, 1] (the paper: 0.8).
            From then on values are multiplied by the class-balanced weights (Cui et al. 2019) of the label before
            smoothing. `on_epoch` switches it; in Keras's `fit`, call that from a
            `LambdaCallback(on_epoch_begin=...)`.
        beta: in [0, 1), of those weights.
    """

    head = "cosine"

    max_m: NonNegative = 0.5
    s: Positive = 30.0
    drw: Fraction | None = None
    beta: BelowOne = 0.9999
    class_weight: ClassVar[None] = None

    def __post_init__(self):
        super().__post_init__()
        self.weighs_classes = self.drw is not None
        if self.weighs_classes:
            self._reweight = tf.Variable(0.0, trainable=False, name="reweight")

    @property
    def link(self) -> dict:
        return {"name": "softmax", "scale": self.s}

    def on_epoch(self, epoch: int, epochs: int) -> None:
        if self.drw is not None:
            self._reweight.assign(float(epoch >= self.drw * epochs))

    def example_weights(self, labels):
        weights = of_label(labels, effective_number(self.counts(labels), self.beta))
        return tf.where(self._reweight > 0.0, weights, 1.0)

    def margins(self, logits: tf.Tensor) -> np.ndarray:
        """`max_m n_c^(-1/4) / max_k n_k^(-1/4)`, `[K]` float64, for logits `[..., K]`."""
        counts = self.counts(logits)
        return self.max_m * (counts / counts.min()) ** -0.25

    def values(self, targets, logits):
        return margin_softmax(targets, logits, np.float32(self.margins(logits)), self.s)
