"""Asymmetric losses: easy negatives fade faster than easy positives (Ridnik et al. 2021)."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from lossexp.base.checks import BelowOne, NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.base.targets import multiclass_targets, smooth
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities, log_mixture, log_probabilities


def asymmetric(
    targets,
    logits,
    gamma_pos: float = 1.0,
    gamma_neg: float = 4.0,
    clip: float = 0.05,
    detach: bool = False,
) -> tf.Tensor:
    """`t (1 - p)^gamma_pos (-log p) + (1 - t) q^gamma_neg (-log(1 - q))` for each label, `[..., L]` float32.

    p = sigmoid(logits), q = max(p - clip, 0); targets in [0, 1] in the shape of the logits. detach: no
    gradient through the two powers.
    """
    logits = tf.cast(logits, tf.float32)
    targets = tf.cast(targets, tf.float32)
    log_p, log_not_p = binary_log_probabilities(logits)
    positive = _faded(gamma_pos, log_not_p, -log_p, detach)
    if clip:
        negative = _clipped_negative(logits, gamma_neg, clip, detach)
    else:
        negative = _faded(gamma_neg, log_p, -log_not_p, detach)
    return targets * positive + (1.0 - targets) * negative


def asymmetric_single(
    y_true,
    logits,
    gamma_pos: float = 0.0,
    gamma_neg: float = 4.0,
    label_smoothing: float = 0.1,
    detach: bool = False,
) -> tf.Tensor:
    """`-sum_k s_k w_k log p_k`, `[...]` float32, p = softmax(logits `[..., K]`), s the smoothed label.

    w_k = (p_k + (1 - 2 p_k) t_k)^(gamma_pos t_k + gamma_neg (1 - t_k)) with t the label before smoothing:
    (1 - p_y)^gamma_pos for the true class, p_k^gamma_neg for the others. detach: no gradient through w.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    powers = gamma_pos * targets + gamma_neg * (1.0 - targets)
    weights = tf.exp(powers * log_mixture(targets, log_not_p, log_p))
    if detach:
        weights = tf.stop_gradient(weights)
    return -tf.reduce_sum(smooth(targets, label_smoothing, logits) * weights * log_p, axis=-1)


def _faded(gamma: float, log_factor: tf.Tensor, values: tf.Tensor, detach: bool) -> tf.Tensor:
    if not gamma:
        return values
    factor = tf.exp(gamma * log_factor)
    return values * (tf.stop_gradient(factor) if detach else factor)


def _clipped_negative(logits: tf.Tensor, gamma: float, clip: float, detach: bool) -> tf.Tensor:
    """`q^gamma (-log(1 - q))`, q = max(sigmoid(z) - clip, 0)."""
    # With z0 the logit of clip, q = sigmoid(z) (1 - clip) (1 - exp(z0 - z)): no difference of nearly equal
    # numbers, if z - z0 itself is exact. Hence z0 in two parts.
    z0 = math.log(clip) - math.log1p(-clip)
    high = float(np.float32(z0))
    above = (logits - high) - (z0 - high)
    active = above > 0.0
    above = tf.where(active, above, 1.0)
    log_p, log_not_p = binary_log_probabilities(tf.where(active, logits, 0.0))

    log_q = log_p + math.log1p(-clip) + tf.math.log(-tf.math.expm1(-above))
    small = log_q < math.log(0.5)
    log_not_q = tf.where(
        small,
        tf.math.log1p(-tf.exp(tf.where(small, log_q, -1.0))),
        tf.math.log(tf.exp(log_not_p) + clip),
    )
    return tf.where(active, _faded(gamma, log_q, -log_not_q, detach), 0.0)


@register
class ASL(OneVsRest):
    """Asymmetric loss of L sigmoid outputs, summed over them.

    `sum_j t_j (1 - p_j)^gamma_pos (-log p_j) + (1 - t_j) q_j^gamma_neg (-log(1 - q_j))`,
    q = max(p - clip, 0). Ridnik et al. 2021, "Asymmetric Loss For Multi-Label Classification", equation 7.
    (0, 0, 0) is the sum of binary cross-entropies. Negatives with p <= clip have no gradient.

    Args:
        gamma_pos, gamma_neg: >= 0; the paper advises gamma_neg > gamma_pos.
        clip: in [0, 1), the probability that negatives are forgiven.
        detach: no gradient through the two powers, as an option of the authors' code.
        ignore_class: see `MulticlassLoss`; for rows of labels, `OneVsRest`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma_pos: NonNegative = 1.0
    gamma_neg: NonNegative = 4.0
    clip: BelowOne = 0.05
    detach: bool = False

    def values(self, targets, logits):
        values = asymmetric(targets, logits, self.gamma_pos, self.gamma_neg, self.clip, self.detach)
        return tf.reduce_sum(values, axis=-1)


@register
class ASLSingle(MulticlassLoss):
    """Asymmetric loss for one label of K classes: `-sum_k s_k w_k log p_k` on softmax outputs.

    w_y = (1 - p_y)^gamma_pos, w_k = p_k^gamma_neg for the other classes, s the smoothed label: Ridnik et al.
    2021, as in the authors' single-label code. Without smoothing only the true class's term is left.

    Args:
        gamma_pos, gamma_neg: >= 0.
        detach: no gradient through w.
        label_smoothing: in [0, 1); applies to s and not to w.
        class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma_pos: NonNegative = 0.0
    gamma_neg: NonNegative = 4.0
    detach: bool = False
    label_smoothing = 0.1

    def smoothed(self, labels, logits):
        return labels  # the powers belong to the label as it was; `asymmetric_single` smooths the rest

    def values(self, targets, logits):
        return asymmetric_single(targets, logits, self.gamma_pos, self.gamma_neg, self.label_smoothing, self.detach)
