"""Cross-entropy with a price on confidence."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.cross_entropy.cross_entropy import cross_entropy
from lossexp.losses.numerics.entropy import with_entropy
from lossexp.losses.numerics.masked import is_masked


def max_sup(y_true, logits, lam: float | tf.Tensor = 0.1) -> tf.Tensor:
    """`CE + lam (max_k z_k - mean_k z_k)`, the mean without masked classes, `[...]` float32; see `MaxSup`."""
    logits = tf.cast(logits, tf.float32)
    out = is_masked(logits)
    number = tf.reduce_sum(tf.cast(~out, tf.float32), axis=-1)
    mean = tf.math.divide_no_nan(tf.reduce_sum(tf.where(out, 0.0, logits), axis=-1), number)
    excess = tf.reduce_max(logits, axis=-1) - mean
    return cross_entropy(y_true, logits) + lam * excess


def confidence_penalty(y_true, logits, beta: float = 0.1) -> tf.Tensor:
    """`CE - beta H(p)`, `[...]` float32, H the entropy; see `ConfidencePenalty`."""
    return with_entropy(y_true, logits, 1.0, -beta)


@register
class MaxSup(MulticlassLoss):
    """Max suppression: `CE + lam (max_k z_k - mean_k z_k)`: label smoothing that punishes the largest logit,
    right or wrong, and not the true one.

    The weight grows linearly over training, set by `on_epoch`: `lam` in the first epoch, `lam_end` in the
    last. Used without epochs, it stays at `lam`. Zhou et al. 2025, "MaxSup: Overcoming Representation
    Collapse in Label Smoothing".

    Args:
        lam: weight in the first epoch, >= 0.
        lam_end: weight in the last epoch, >= 0.
        class_weight, ignore_class, label_smoothing: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    lam: NonNegative = 0.1
    lam_end: NonNegative = 0.2

    def __post_init__(self):
        super().__post_init__()
        self._weight = tf.Variable(self.lam, trainable=False, dtype=tf.float32, name="weight")

    def on_epoch(self, epoch: int, epochs: int) -> None:
        share = epoch / (epochs - 1) if epochs > 1 else 0.0
        self._weight.assign(self.lam + share * (self.lam_end - self.lam))

    def values(self, targets, logits):
        return max_sup(targets, logits, self._weight)


@register
class ConfidencePenalty(MulticlassLoss):
    """Cross-entropy minus entropy of the prediction: `CE - beta H(p)`, p = softmax of the logits.

    Pereyra et al. 2017, "Regularizing Neural Networks by Penalizing Confident Output Distributions".

    Args:
        beta: weight of the entropy, >= 0; 0 is cross-entropy.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    beta: NonNegative = 0.1

    def values(self, targets, logits):
        return confidence_penalty(targets, logits, self.beta)
