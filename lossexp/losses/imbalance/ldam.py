"""LDAM: larger margins for rarer classes, and deferred re-weighting (Cao et al. 2019)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf

from lossexp.base.checks import BelowOne, Fraction, NonNegative, Positive
from lossexp.losses.base.class_weights import effective_number
from lossexp.losses.base.counts import CountsLoss, checked, constant, of_label
from lossexp.losses.base.multiclass import register
from lossexp.losses.margin.cosine_margins import margin_softmax


def ldam_margins(class_counts, max_m: float = 0.5) -> np.ndarray:
    """`max_m n_c^(-1/4) / max_k n_k^(-1/4)`, `[K]` float64: the rarest class's margin is max_m."""
    counts = np.asarray(class_counts, np.float64)
    return max_m * (counts / counts.min()) ** -0.25


def ldam(y_true, logits, class_counts, max_m: float = 0.5, s: float = 30.0) -> tf.Tensor:
    """Cross-entropy of `s (c - m_y e_y)`, m from `ldam_margins`, `[...]` float32, cosines c `[..., K]`."""
    margins = ldam_margins(checked(class_counts, tf.convert_to_tensor(logits)), max_m)
    return margin_softmax(y_true, logits, constant(margins), s)


@register
class LDAM(CountsLoss):
    """Label-distribution-aware margin loss: `-log softmax(s (c - m_y e_y))_y`, `m_c ~ n_c^(-1/4)`.

    Cao et al. 2019, "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", section
    3.2. Outputs must be cosines (`head="cosine"`): with ordinary logits the scale s makes it diverge.
    Probabilities are softmax(s c), without the margins. Soft and smoothed labels t give
    `sum_k t_k CE_k(s (c - m_k e_k))`: each class in turn is the true one, with its own margin.

    Args:
        max_m: >= 0, the margin of the rarest class; 0 is cross-entropy of s c.
        s: > 0, the scale of the cosines.
        drw: None, or when deferred re-weighting starts, as a share of the epochs in [0, 1] (the paper: 0.8).
            From then on values are multiplied by the class-balanced weights (Cui et al. 2019). `on_epoch`
            switches it; in Keras's `fit`, call that from a `LambdaCallback(on_epoch_begin=...)`.
        beta: in [0, 1), of those weights.
        class_counts: training examples per class, or None until `adapt`; `drw` weighs classes by them, and
            there is no other `class_weight`.
        ignore_class, label_smoothing: see `MulticlassLoss`. The weights of `drw` are those of the label
            before smoothing.

    Raises:
        ValueError: a parameter out of range; a class without examples; no counts when a value is asked for.
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

    def values(self, targets, logits):
        return ldam(targets, logits, self.counts(logits), self.max_m, self.s)
