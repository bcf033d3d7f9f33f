"""Focal loss of yes-or-no questions."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import Fraction, NonNegative
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.loss import register

TINY = 1e-37  # below it a power of 1 - p_t has no slope; the loss, smaller still, needs none


def binary_focal(t, log_p, log_q, gamma: float, detach: bool = False) -> tf.Tensor:
    """`(1 - p_t)^gamma (-t log p - (1 - t) log q)` for each label, in the shape of t, `p_t = t p + (1 - t) q`."""
    factor = tf.pow(tf.maximum(t * tf.exp(log_q) + (1.0 - t) * tf.exp(log_p), TINY), gamma)  # 1 - p_t = t q + (1 - t) p
    return -(tf.stop_gradient(factor) if detach else factor) * (t * log_p + (1.0 - t) * log_q)


@register
class BinaryFocal(BinaryLoss):
    """Focal loss on sigmoid logits: `alpha_t (1 - p_t)^gamma (-t log p - (1 - t) log(1 - p))`, mean over labels.

    Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5; for soft targets
    `p_t = t p + (1 - t)(1 - p)`, `alpha_t = t alpha + (1 - t)(1 - alpha)`. Its published use starts the head's bias at
    -log((1 - pi) / pi).

    >>> loss = BinaryFocal(gamma=2.0, alpha=0.75)
    >>> loss.call([[1], [0]], [[0.0], [0.0]]).numpy().round(3)  # positives weigh 0.75, negatives 0.25
    array([0.13 , 0.043], dtype=float32)

    Args:
        gamma: >= 0; 0 is binary cross-entropy.
        alpha: None or in [0, 1]: the weight of the positive class; negatives get 1 - alpha. It is what
            `class_weight` is to losses of several classes.
        detach: treat the factor (1 - p_t)^gamma as a constant in the gradient.
    """

    gamma: NonNegative = 2.0
    alpha: Fraction | None = None
    detach: bool = False

    def initial_bias(self, class_counts) -> float | None:
        """`-log((1 - pi) / pi)` with pi the fraction of positives (Lin et al. 2017, section 3.3).

        None where a class has no examples. Raises ValueError for another number of classes than two.
        """
        if len(class_counts) != 2:
            raise ValueError(
                f"BinaryFocal: class_counts={list(class_counts)}; expected two, those of negatives and positives. "
                "For several classes use Focal."
            )
        negatives, positives = class_counts
        return math.log(positives / negatives) if positives and negatives else None

    def formula(self, t, log_p, log_q):
        values = binary_focal(t, log_p, log_q, self.gamma, self.detach)
        return values if self.alpha is None else values * (t * self.alpha + (1.0 - t) * (1.0 - self.alpha))
