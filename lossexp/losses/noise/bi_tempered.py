"""Bi-tempered logistic loss: cross-entropy whose logarithm and softmax both have a temperature."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Fraction, Interval, Positive, checked
from lossexp.losses.base import targets as label_targets
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.log_probabilities import centered, log_probabilities
from lossexp.losses.numerics.masked import MASKED, is_masked

SERIES_BELOW = 0.1  # where the divergence from a certain label is summed as a series of 1 - p


@register
class BiTempered(MulticlassLoss):
    """Bi-tempered logistic loss: a Bregman divergence between the label t and p = softmax_t2(logits),

    `sum_k t_k (log_t1 t_k - log_t1 p_k) - (t_k^(2 - t1) - p_k^(2 - t1)) / (2 - t1)`.

    t1 < 1 bounds the loss, so that outliers far from the boundary weigh little; t2 > 1 gives p heavy tails,
    so that wrong labels near it do. t1 = t2 = 1 is cross-entropy for hard labels and `KLDivergence` for soft or
    smoothed ones. Probabilities need t2 too: link `tempered`.
    Amid et al. 2019, "Robust Bi-Tempered Logistic Loss Based on Bregman Divergences".

    Args:
        t1: in [0, 1].
        t2: in (0, inf); at t1 = 1 in [1, inf). Below 1, p has exact zeros, and an example with p_y = 0 has no
            gradient (at t1 = 1 its value would be infinite). Below t1, the gradient grows without bound as
            p_y falls to 0.
        label_smoothing: e in [0, 1 - 1/K]; by the paper's own rule, `t (1 - e K / (K - 1)) + e / (K - 1)`.
    """

    t1: Fraction = 0.8
    t2: Positive = 1.2

    def __post_init__(self):
        super().__post_init__()
        if self.t1 == 1.0:
            checked(f"{type(self).__name__}.t2", self.t2, Annotated[float, Interval("[1, inf)")])
        self.link = "softmax" if self.t2 == 1.0 else {"name": "tempered", "t2": self.t2}

    def smoothed(self, labels, logits):
        num_classes = labels.shape[-1]
        if self.label_smoothing > 1.0 - 1.0 / num_classes:
            raise ValueError(
                f"BiTempered: label_smoothing={self.label_smoothing}; expected at most 1 - 1/K for "
                f"K = {num_classes} classes, where all targets are equal."
            )
        if self.label_smoothing == 0.0:
            return labels
        left = tf.reduce_sum(tf.cast(~is_masked(logits), tf.float32), axis=-1, keepdims=True)
        return label_targets.smooth(labels, tf.math.divide_no_nan(self.label_smoothing * left, left - 1.0), logits)

    def values(self, targets, logits):
        log_p = logits if self.t2 == 1.0 else log_tempered_softmax(logits, self.t2)
        return self.formula(targets, *log_probabilities(log_p))

    def formula(self, t, log_p, log_q):
        a, q = 2.0 - self.t1, tf.exp(log_q)
        gaps = t * (self._log(tf.math.log(tf.where(t > 0.0, t, 1.0))) - self._log(log_p))
        terms = gaps - (tf.pow(t, a) - tf.exp(a * log_p)) / a
        certain = tf.equal(t, 1.0) & (q < SERIES_BELOW)
        rest = tf.reduce_sum(tf.where(certain, q, 0.0), axis=-1)
        return tf.reduce_sum(tf.where(certain, 0.0, terms), axis=-1) + self._certain(rest)

    def _log(self, log_x: tf.Tensor) -> tf.Tensor:
        """The tempered logarithm `(x^(1 - t1) - 1) / (1 - t1)` of x, from log x; at t1 = 1 the logarithm."""
        return log_x if self.t1 == 1.0 else tf.math.expm1((1.0 - self.t1) * log_x) / (1.0 - self.t1)

    def _certain(self, q: tf.Tensor) -> tf.Tensor:
        """The term of a label of 1, the integral of `s (1 - s)^-t1` from 0 to q = 1 - p, where its parts cancel."""
        series, coefficient = 0.0, 1.0
        for i in range(8):
            series += coefficient * tf.pow(q, i + 2.0) / (i + 2.0)
            coefficient *= (self.t1 + i) / (i + 1.0)
        return series


def log_tempered_softmax(logits: tf.Tensor, t2: float) -> tf.Tensor:
    """`log p`, `[..., K]`, `p_k = [1 + (1 - t2)(z_k - L)]_+^(1 / (1 - t2))`, L making p sum to 1; `MASKED` for p = 0.

    t2 > 1 has tails that fall like a power, t2 < 1 gives exact zeros. Masked classes have p = 0 too: in a heavy
    tail no finite logit would. L is found without gradient, and moves with the logits as the escort
    distribution says, `p^t2` scaled to sum to 1.
    """
    z = tf.cast(centered(logits), tf.float64 if t2 < 1.0 else tf.float32)  # p near 0 is a difference below t2 = 1
    fixed = tf.where(is_masked(logits), tf.constant(-float("inf"), z.dtype), tf.stop_gradient(z))
    level = tf.zeros_like(fixed[..., :1])
    for _ in range(5 if abs(t2 - 1.0) <= 0.25 else 10):  # enough for float32 and 100,000 classes
        level, escort = _closer(fixed, level, t2)
    level += tf.reduce_sum(escort * (z - tf.stop_gradient(z)), axis=-1, keepdims=True)
    x = (1.0 - t2) * (z - level)
    possible = (x > -1.0) & ~is_masked(logits)
    log_p = tf.math.log1p(tf.where(possible, x, tf.zeros_like(x))) / (1.0 - t2)
    return tf.where(possible, tf.cast(log_p, tf.float32), MASKED)


def _closer(z: tf.Tensor, level: tf.Tensor, t2: float) -> tuple[tf.Tensor, tf.Tensor]:
    """One step of Newton's method on `(sum_k p_k)^(1 - t2) = 1` from a level `[..., 1]`, and the escort there.

    That power of the sum is monotone in the level and linear for equal logits, concave (t2 > 1) or convex
    (t2 < 1) for others, so that steps from 0 never overshoot.
    """
    x = tf.maximum((1.0 - t2) * (z - level), -1.0)
    p = tf.exp(tf.math.log1p(x) / (1.0 - t2))
    slopes = tf.math.divide_no_nan(p, 1.0 + x)  # p^t2
    total, slope = (tf.reduce_sum(y, axis=-1, keepdims=True) for y in (p, slopes))
    step = tf.math.expm1((1.0 - t2) * tf.math.log(total)) / (1.0 - t2) * tf.pow(total, t2) / slope
    return level + step, slopes / slope
