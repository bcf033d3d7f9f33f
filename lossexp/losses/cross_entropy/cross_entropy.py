"""Cross-entropies, the baselines of every comparison, and the Kullback-Leibler divergence."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import binary_targets, multiclass_targets
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities, log_softmax


def cross_entropy(y_true, logits) -> tf.Tensor:
    """`-sum_k t_k log p_k`, `[...]` float32, p = softmax(logits `[..., K]`).

    y_true: class numbers, one-hot or soft labels.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    return -tf.reduce_sum(targets * log_softmax(logits), axis=-1)


def binary_cross_entropy(y_true, logits, pos_weight: float = 1.0) -> tf.Tensor:
    """`-w t log p - (1 - t) log(1 - p)` for each label, in the shape of logits `[batch, L]`, float32.

    p = sigmoid(logits), t in [0, 1], w = pos_weight.
    """
    logits = tf.cast(logits, tf.float32)
    targets = binary_targets(y_true, logits)
    log_p, log_not_p = binary_log_probabilities(logits)
    return -(pos_weight * targets * log_p + (1.0 - targets) * log_not_p)


def kl_divergence(y_true, logits) -> tf.Tensor:
    """`sum_k t_k (log t_k - log p_k)`, `[...]` float32, p = softmax(logits `[..., K]`); 0 log 0 = 0."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    return cross_entropy(targets, logits) + tf.reduce_sum(tf.math.xlogy(targets, targets), axis=-1)


@register
class CrossEntropy(MulticlassLoss):
    """Cross-entropy of softmax logits: `-sum_k t_k log p_k`.

    Args:
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`. Smoothing is that of Szegedy et
            al. 2016, "Rethinking the Inception Architecture", section 7.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return cross_entropy(targets, logits)


@register
class BinaryCrossEntropy(BinaryLoss):
    """Cross-entropy of sigmoid logits: `-w t log p - (1 - t) log(1 - p)`, mean over labels.

    Args:
        label_smoothing, ignore_class: see `BinaryLoss`.
        pos_weight: w > 0, the weight of the positive class relative to the negative one; it is what
            `class_weight` is to losses of several classes.

    Raises:
        ValueError: a parameter out of range.
    """

    pos_weight: Positive = 1.0

    def values(self, targets, logits):
        return binary_cross_entropy(targets, logits, self.pos_weight)


@register
class KLDivergence(MulticlassLoss):
    """Divergence of the model's probabilities from soft labels: `sum_k t_k (log t_k - log p_k)`.

    Kullback and Leibler 1951, equation 2.4. Its gradient is that of cross-entropy; its value is 0 where the
    model equals the labels. For hard labels the two are the same.

    Args:
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return kl_divergence(targets, logits)
