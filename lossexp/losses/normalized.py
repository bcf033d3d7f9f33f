"""Normalised losses: a loss divided by its sum over all possible labels, robust to uniform label noise."""

from __future__ import annotations

import tensorflow as tf

from lossexp.checks import NonNegative
from lossexp.losses.classification import MulticlassLoss, register
from lossexp.losses.margin import log_probabilities
from lossexp.losses.masked import is_idle
from lossexp.losses.others import is_largest, mean_of_others, sum_of_others
from lossexp.losses.targets import multiclass_targets


def nce(y_true, logits) -> tf.Tensor:
    """`sum_k t_k log p_k / sum_k log p_k`, `[...]` float32; see `NCE`."""
    return nfl(y_true, logits, gamma=0.0)


def nfl(y_true, logits, gamma: float = 0.5, detach: bool = False) -> tf.Tensor:
    """`sum_k t_k FL_k / sum_k FL_k`, `FL_k = -(1 - p_k)^gamma log p_k`, `[...]` float32; see `NFL`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    # The K ratios sum to 1: what all classes have in common (smoothing) is a constant, without a gradient that
    # would have to cancel. Masked classes are in neither sum.
    idle = is_idle(targets, logits)
    common = tf.reduce_min(tf.where(idle, float("inf"), targets), axis=-1, keepdims=True)
    targets = tf.where(idle, 0.0, targets - common)
    mass = tf.reduce_sum(targets, axis=-1)
    targets = tf.math.divide_no_nan(targets, mass[..., tf.newaxis])

    @tf.custom_gradient
    def ratio(logits):
        log_p, log_not_p = log_probabilities(logits)
        losses, slopes = (tf.where(idle, 0.0, x) for x in _focal_and_slope(log_p, log_not_p, gamma, detach))
        total = tf.reduce_sum(losses, axis=-1)

        def gradient(upstream):
            p = tf.nn.softmax(tf.cast(logits, tf.float64))
            slope = _slope_of_ratio(targets, losses, slopes, p, tf.exp(log_not_p))
            return tf.math.divide_no_nan(upstream, tf.square(total))[..., tf.newaxis] * slope

        # The total is 0 for one class alone, whose label is all in what is common.
        return tf.math.divide_no_nan(tf.reduce_sum(targets * losses, axis=-1), total), gradient

    return common[..., 0] + mass * ratio(logits)


@register
class NCE(MulticlassLoss):
    """Normalised cross-entropy on softmax logits: `sum_k t_k log p_k / sum_k log p_k`, in [0, 1].

    Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels". The values of
    all K possible labels sum to 1.

    Args:
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return nce(targets, logits)


@register
class NFL(MulticlassLoss):
    """Normalised focal loss on softmax logits: `sum_k t_k FL_k / sum_k FL_k`, `FL = -(1 - p)^gamma log p`.

    Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels".

    Args:
        gamma: >= 0; 0 is normalised cross-entropy.
        detach: no gradient through the factor (1 - p)^gamma, as in the authors' code (not in their formula).
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma: NonNegative = 0.5
    detach: bool = False

    def values(self, targets, logits):
        return nfl(targets, logits, self.gamma, self.detach)


def _focal_and_slope(log_p, log_not_p, gamma: float, detach: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """`FL_k` and `d FL_k / d log p_k`, both `[..., K]`."""
    factor = tf.exp(gamma * log_not_p)
    if detach or not gamma:
        return -factor * log_p, -factor
    # -log p / (1 - p) tends to 1 as p does, where both underflow.
    certain = log_not_p < -15.0
    ratio = tf.where(certain, 1.0, -log_p / tf.exp(tf.where(certain, -1.0, log_not_p)))
    return -factor * log_p, -factor * (1.0 + gamma * tf.exp(log_p) * ratio)


def _slope_of_ratio(targets, losses, slopes, p, not_p) -> tf.Tensor:
    """Gradient `[..., K]` of `sum_k t_k F_k / sum_k F_k` by the logits, times `(sum_k F_k)^2`.

    F are the losses and S their slopes. For a hard label y the quotient rule gives, for
        j = y:   p_y F_y sum_{k != y} S_k + (1 - p_y) S_y sum_{k != y} F_k
        j != y:  p_j (F_y sum_{k != y} S_k - S_y sum_{k != y} F_k) - S_j F_y
    and soft labels give its mean over y. Where a very wrong label makes F_y large, the second line is a small
    difference of large numbers, hence float64 and a p that sums to 1 in it.
    """
    targets, losses, slopes, not_p = (tf.cast(x, tf.float64) for x in (targets, losses, slopes, not_p))
    other_losses, other_slopes = sum_of_others(losses), sum_of_others(slopes)
    own = p * losses * other_slopes + not_p * slopes * other_losses
    cross = losses * other_slopes - slopes * other_losses
    other = p * mean_of_others(targets, cross) - slopes * mean_of_others(targets, losses)
    other = tf.where(p > 0.5, _slope_of_confident(targets, losses, slopes, p, not_p), other)
    return tf.cast(targets * own + (1.0 - targets) * other, tf.float32)


def _slope_of_confident(targets, losses, slopes, p, not_p) -> tf.Tensor:
    """The case j != y for the class with p_j > 1/2, where all but terms of size 1 - p_j cancel:

    `p_j sum_{k != j, y} (F_y S_k - S_y F_k) - (1 - p_j) F_y S_j - p_j S_y F_j`.
    """
    is_top = is_largest(p)
    weights = tf.where(is_top, tf.zeros_like(targets), targets)
    weights = tf.math.divide_no_nan(weights, tf.reduce_sum(weights, axis=-1, keepdims=True))
    loss, slope = (tf.reduce_sum(weights * x, axis=-1, keepdims=True) for x in (losses, slopes))
    # Differences first: what is equal for two unlikely classes must cancel to exactly 0.
    pairs = (loss - losses) * slopes + losses * (slopes - slope)
    pairs = tf.reduce_sum(tf.where(is_top, tf.zeros_like(pairs), pairs), axis=-1, keepdims=True)
    return p * pairs - not_p * loss * slopes - p * slope * losses
