"""Robust regression losses with a bounded influence: Barron's family and Tukey's biweight."""

from __future__ import annotations

import math
from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, Positive
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss, error, per_example


def barron(y_true, y_pred, alpha: float = 1.0, scale: float = 1.0) -> tf.Tensor:
    """`b / alpha ((x / b + 1)^(alpha / 2) - 1)`, `b = |alpha - 2|`, `x = (e / scale)^2`; see `Barron`."""
    u = error(y_true, y_pred) / scale
    if alpha == 2.0:
        values = tf.square(u) / 2.0
    elif alpha == 0.0:
        values = _log1p_of_square(u / math.sqrt(2.0))
    elif alpha == -math.inf:
        values = -tf.math.expm1(-tf.square(u) / 2.0)
    else:
        b = abs(alpha - 2.0)
        # expm1(log1p) keeps the digits that (1 + x)^a - 1 loses for small errors and for alpha near 0.
        values = b / alpha * tf.math.expm1(alpha / 2.0 * _log1p_of_square(u / math.sqrt(b)))
    return per_example(values)


def _log1p_of_square(u: tf.Tensor) -> tf.Tensor:
    """`log(1 + u^2)`, also where the square is no float32 any more."""
    far = tf.abs(u) > 1e16
    near = tf.math.log1p(tf.square(tf.where(far, 0.0, u)))
    return tf.where(far, 2.0 * tf.math.log(tf.abs(tf.where(far, u, 1.0))), near)


def tukey(y_true, y_pred, c: float = 4.685) -> tf.Tensor:
    """`c^2 / 6 (1 - (1 - (e / c)^2)^3)` where `|e| <= c`, else `c^2 / 6`; see `Tukey`."""
    u = tf.minimum(tf.square(error(y_true, y_pred) / c), 1.0)
    return c * c / 6.0 * per_example(u * (3.0 - 3.0 * u + u * u))  # 1 - (1 - u)^3, multiplied out


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

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    alpha: Annotated[float, Interval("[-inf, inf)")] = 1.0
    scale: Positive = 1.0

    def call(self, y_true, y_pred):
        return barron(y_true, y_pred, self.alpha, self.scale)


@register
class Tukey(ValueLoss):
    """Tukey's biweight: `c^2 / 6 (1 - (1 - (e / c)^2)^3)` where `|e| <= c`, else the constant `c^2 / 6`.

    Source: Beaton and Tukey, Technometrics 16 (1974). Errors above c have no gradient at all: start from
    a model that is already roughly right, or from a large c.

    Args:
        c: where errors stop to count, > 0, in units of the target; 4.685 is 95% efficient on unit
            Gaussian noise.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    c: Positive = 4.685

    def call(self, y_true, y_pred):
        return tukey(y_true, y_pred, self.c)
