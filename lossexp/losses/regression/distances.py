"""Plain distances: squared, absolute, percentage, logarithmic, log-cosh."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss

LOG1P_FLOOR = -0.5  # below it log1p is continued by its tangent, so that a negative output still learns


@register
class MSE(ValueLoss):
    """Mean squared error: `mean e^2`, `e = y_pred - y_true`."""

    def formula(self, y, m):
        return tf.square(m - y)


@register
class MAE(ValueLoss):
    """Mean absolute error: `mean |e|`; its minimiser is the median."""

    def formula(self, y, m):
        return tf.abs(m - y)


@register
class MAPE(ValueLoss):
    """Mean absolute percentage error: `100 mean |e| / max(|y|, floor)`.

    Args:
        floor: smallest denominator, > 0. With the default a target of 0 weighs 1e9 times more than a
            target of 100; raise `floor` (or use `SMAPE`) where targets come near 0.
    """

    floor: Positive = 1e-07

    def formula(self, y, m):
        return 100.0 * tf.abs(m - y) / tf.maximum(tf.abs(y), self.floor)


@register
class SMAPE(ValueLoss):
    """Symmetric mean absolute percentage error: `200 mean |e| / (|y| + |p|)`, in [0, 200] (0 for 0 / 0).

    Source: Makridakis, "Accuracy measures", Int. J. Forecasting 9 (1993). A prediction of the wrong sign
    costs exactly 200 however wrong it is, and has no gradient there.
    """

    def formula(self, y, m):
        size = tf.abs(y) + tf.abs(m)
        size = tf.where(size > 0.0, size, 1.0)
        value = tf.abs(m - y) / size
        # For numbers of one sign this is 1 - 2 min / size, whose slope is no difference of nearly equal numbers.
        slope = -2.0 * tf.where(tf.abs(y) < tf.abs(m), tf.abs(y), tf.abs(m)) / size
        one_sign = (y * m > 0.0) & tf.not_equal(y, m)
        return 200.0 * tf.where(one_sign, tf.stop_gradient(value - slope) + slope, value)


@register
class MSLE(ValueLoss):
    """Mean squared logarithmic error: `mean (log(1 + p) - log(1 + y))^2`, for y >= 0.

    The outputs are the predicted values themselves. Below -0.5 the logarithm is continued by its tangent:
    the formula ends at -1, and clipping outputs at 0 would leave them without a gradient.
    """

    domain = "nonnegative"

    def formula(self, y, m):
        safe = tf.maximum(m, LOG1P_FLOOR)
        tangent = (m - safe) / (1.0 + LOG1P_FLOOR)
        growth = (safe - y) / (1.0 + y)  # (1 + p) / (1 + y) - 1: two logarithms would nearly cancel
        near = tf.abs(growth) < 0.5
        ratio = tf.math.log1p(tf.where(near, growth, 0.0))
        return tf.square(tf.where(near, ratio, tf.math.log1p(safe) - tf.math.log1p(y)) + tangent)


@register
class LogCosh(ValueLoss):
    """`mean log cosh e`: `e^2 / 2` near 0, `|e| - log 2` far away; exact near 0, where Keras returns 0."""

    def formula(self, y, m):
        size = tf.abs(m - y)
        # log(cosh) near 0 is a difference of nearly equal numbers: 2 sinh^2(e/2) is cosh(e) - 1 without it.
        small = tf.math.log1p(2.0 * tf.square(tf.sinh(tf.minimum(size, 1.0) / 2.0)))
        large = size + tf.math.log1p(tf.exp(-2.0 * size)) - math.log(2.0)
        return tf.where(size < 1.0, small, large)
