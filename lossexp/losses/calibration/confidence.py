"""Cross-entropy with a price on confidence."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.cross_entropy.cross_entropy import CrossEntropy
from lossexp.losses.numerics.masked import is_masked


@register
class MaxSup(CrossEntropy):
    """Max suppression: `CE + lam (max_k z_k - mean_k z_k)`: label smoothing that punishes the largest logit,
    right or wrong, and not the true one.

    The weight grows linearly over training, set by `on_epoch`: `lam` in the first epoch, `lam_end` in the
    last. Used without epochs, it stays at `lam`. The mean is over the classes that are not masked. Zhou et al. 2025,
    "MaxSup: Overcoming Representation Collapse in Label Smoothing".

    Args:
        lam: weight in the first epoch, >= 0.
        lam_end: weight in the last epoch, >= 0.
    """

    lam: NonNegative = 0.1
    lam_end: NonNegative = 0.2

    def __post_init__(self):
        super().__post_init__()
        self._weight = tf.Variable(self.lam, trainable=False, dtype=tf.float32, name="weight")

    def on_epoch(self, epoch: int, epochs: int) -> None:
        fraction = epoch / (epochs - 1) if epochs > 1 else 0.0
        self._weight.assign(self.lam + fraction * (self.lam_end - self.lam))

    def values(self, targets, logits):
        left = ~is_masked(logits)
        total = tf.reduce_sum(tf.where(left, logits, 0.0), axis=-1)
        mean = tf.math.divide_no_nan(total, tf.reduce_sum(tf.cast(left, tf.float32), axis=-1))
        return super().values(targets, logits) + self._weight * (tf.reduce_max(logits, axis=-1) - mean)


@register
class ConfidencePenalty(MulticlassLoss):
    """Cross-entropy minus entropy of the prediction: `CE - beta H(p)`, p = softmax of the logits.

    Pereyra et al. 2017, "Regularizing Neural Networks by Penalizing Confident Output Distributions".

    Args:
        beta: weight of the entropy, >= 0; 0 is cross-entropy.
    """

    beta: NonNegative = 0.1

    def formula(self, t, log_p, log_q):
        return -tf.reduce_sum((t - self.beta * tf.exp(log_p)) * log_p, axis=-1)
