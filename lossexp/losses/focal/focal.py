"""Focal loss: cross-entropy that fades for examples already classified well (Lin et al. 2017)."""

from __future__ import annotations

import warnings

import numpy as np
import tensorflow as tf

from lossexp.base.checks import Fraction, NonNegative, PerClass, Positive
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import binary_targets, multiclass_targets
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities, log_mixture, log_probabilities


def focal(y_true, logits, gamma: float = 2.0, alpha=None, detach: bool = False) -> tf.Tensor:
    """`sum_k t_k alpha_k (1 - p_k)^gamma (-log p_k)`, `[...]` float32, p = softmax(logits `[..., K]`).

    y_true: class numbers, one-hot or soft labels. alpha: None (1), a number, or `[K]`. detach: no gradient
    through the factor alpha_k (1 - p_k)^gamma, as in some published training codes.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    weights = targets if alpha is None else targets * tf.cast(alpha, tf.float32)
    if gamma:
        factor = tf.exp(gamma * log_not_p)
        weights *= tf.stop_gradient(factor) if detach else factor
    return -tf.reduce_sum(weights * log_p, axis=-1)


def binary_focal(y_true, logits, gamma: float = 2.0, alpha: float | None = None, detach: bool = False) -> tf.Tensor:
    """`alpha_t (1 - p_t)^gamma BCE` for each label, in the shape of logits `[batch, L]`, float32.

    p = sigmoid(logits), p_t = t p + (1 - t)(1 - p), alpha_t = t alpha + (1 - t)(1 - alpha) (1 if None),
    BCE = -t log p - (1 - t) log(1 - p); targets t in [0, 1].
    """
    logits = tf.cast(logits, tf.float32)
    targets = binary_targets(y_true, logits)
    log_p, log_not_p = binary_log_probabilities(logits)
    values = -(targets * log_p + (1.0 - targets) * log_not_p)
    if alpha is not None:
        values *= targets * alpha + (1.0 - targets) * (1.0 - alpha)
    if gamma:
        factor = tf.exp(gamma * log_mixture(targets, log_not_p, log_p))  # 1 - p_t = t (1 - p) + (1 - t) p
        values *= tf.stop_gradient(factor) if detach else factor
    return values


@register
class Focal(MulticlassLoss):
    """Focal loss on softmax logits: `sum_k t_k alpha_k (1 - p_k)^gamma (-log p_k)`.

    Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5, one term per class. With label
    smoothing (or soft labels) the sum runs over all classes with the smoothed targets.

    Args:
        gamma: >= 0; 0 is cross-entropy.
        alpha: None, a number > 0, or a list of K weights >= 0, not all 0, one per class. A single number only
            scales the loss, which Adam undoes: warns.
        detach: treat the factor alpha_k (1 - p_k)^gamma as a constant in the gradient.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range; alpha's length is not K (at the first call).
    """

    gamma: NonNegative = 2.0
    alpha: Positive | PerClass | None = None
    detach: bool = False

    def __post_init__(self):
        super().__post_init__()
        if isinstance(self.alpha, float):
            warnings.warn(
                f"Focal: alpha={self.alpha} is one number for all classes. It only scales the loss: a learning-rate "
                "change under SGD, nothing at all under Adam. Give one alpha per class, or class_weight.",
                stacklevel=3,
            )

    def values(self, targets, logits):
        if isinstance(self.alpha, list) and len(self.alpha) != logits.shape[-1]:
            raise ValueError(f"Focal: alpha has {len(self.alpha)} entries for {logits.shape[-1]} classes.")
        return focal(targets, logits, self.gamma, self.alpha, self.detach)


@register
class BinaryFocal(BinaryLoss):
    """Focal loss on sigmoid logits: `alpha_t (1 - p_t)^gamma BCE`, mean over labels.

    Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5; for soft targets
    p_t = t p + (1 - t)(1 - p). Its published use starts the head's bias at -log((1 - pi) / pi).

    Args:
        gamma: >= 0; 0 is binary cross-entropy.
        alpha: None or in [0, 1]: the weight of the positive class; negatives get 1 - alpha. It is what
            `class_weight` is to losses of several classes.
        detach: treat the factor (1 - p_t)^gamma as a constant in the gradient.
        label_smoothing, ignore_class: see `BinaryLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma: NonNegative = 2.0
    alpha: Fraction | None = None
    detach: bool = False

    def initial_bias(self, class_counts) -> float | None:
        """`-log((1 - pi) / pi)` with pi the share of positives (Lin et al. 2017, section 3.3).

        None where a class has no examples. Raises ValueError for another number of classes than two.
        """
        if len(class_counts) != 2:
            raise ValueError(
                f"BinaryFocal: class_counts={list(class_counts)}; expected two, those of negatives and positives. "
                "For several classes use Focal."
            )
        negatives, positives = class_counts
        return float(np.log(positives / negatives)) if positives and negatives else None

    def values(self, targets, logits):
        return binary_focal(targets, logits, self.gamma, self.alpha, self.detach)
