"""Robust regression losses with a bounded influence: Barron's family and Tukey's biweight."""

from __future__ import annotations

import math
from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, Positive
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss


def _log1p_of_square(u: tf.Tensor) -> tf.Tensor:
    """`log(1 + u^2)`, also where the square is no float32 any more."""
    far = tf.abs(u) > 1e16
    near = tf.math.log1p(tf.square(tf.where(far, 0.0, u)))
    return tf.where(far, 2.0 * tf.math.log(tf.abs(tf.where(far, u, 1.0))), near)


@register
class Barron(ValueLoss):
    """Barron's general robust loss: `b / alpha ((x / b + 1)^(alpha / 2) - 1)`, `b = |alpha - 2|`,
    `x = (e / scale)^2`; mean over the last axis.

    alpha 2: squared error (`x / 2`, the limit); 1: Charbonnier (`sqrt(x + 1) - 1`); 0: Cauchy
    (`log(1 + x / 2)`, the limit); -2: Geman-McClure; -inf: Welsch (`1 - exp(-x / 2)`, the limit).
    Source: Barron, "A general and adaptive robust loss function", CVPR 2019.

    Args:
        alpha: shape, any real number or -inf; the smaller, the less an outlier weighs.
        scale: size of the errors that still count as inliers, > 0, in units of the target.
    """

    alpha: Annotated[float, Interval("[-inf, inf)")] = 1.0
    scale: Positive = 1.0

    def formula(self, y, m):
        u = (m - y) / self.scale
        if self.alpha == 2.0:
            return tf.square(u) / 2.0
        if self.alpha == 0.0:
            return _log1p_of_square(u / math.sqrt(2.0))
        if self.alpha == -math.inf:
            return -tf.math.expm1(-tf.square(u) / 2.0)
        b = abs(self.alpha - 2.0)
        # expm1(log1p) keeps the digits that (1 + x)^a - 1 loses for small errors and for alpha near 0.
        return b / self.alpha * tf.math.expm1(self.alpha / 2.0 * _log1p_of_square(u / math.sqrt(b)))


@register
class Tukey(ValueLoss):
    """Tukey's biweight: `c^2 / 6 (1 - (1 - (e / c)^2)^3)` where `|e| <= c`, else the constant `c^2 / 6`.

    Source: Beaton and Tukey, Technometrics 16 (1974). Errors above c have no gradient at all: start from
    a model that is already roughly right, or from a large c.

    Args:
        c: where errors stop to count, > 0, in units of the target; 4.685 is 95% efficient on unit
            Gaussian noise.
    """

    c: Positive = 4.685

    def formula(self, y, m):
        u = tf.minimum(tf.square((m - y) / self.c), 1.0)
        return self.c * self.c / 6.0 * u * (3.0 - 3.0 * u + u * u)  # 1 - (1 - u)^3, multiplied out
