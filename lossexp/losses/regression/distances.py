"""Plain distances: squared, absolute, percentage, logarithmic, log-cosh."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss, error, pair, per_example

LOG1P_FLOOR = -0.5  # below it log1p is continued by its tangent, so that a negative output still learns


def mse(y_true, y_pred) -> tf.Tensor:
    """`mean e^2`; see `MSE`."""
    return per_example(tf.square(error(y_true, y_pred)))


def mae(y_true, y_pred) -> tf.Tensor:
    """`mean |e|`; see `MAE`."""
    return per_example(tf.abs(error(y_true, y_pred)))


def mape(y_true, y_pred, floor: float = 1e-7) -> tf.Tensor:
    """`100 mean |e| / max(|y|, floor)`; see `MAPE`."""
    y_true, y_pred = pair(y_true, y_pred)
    return 100.0 * per_example(tf.abs(y_pred - y_true) / tf.maximum(tf.abs(y_true), floor))


def smape(y_true, y_pred) -> tf.Tensor:
    """`200 mean |e| / (|y| + |p|)`; see `SMAPE`."""
    y_true, y_pred = pair(y_true, y_pred)
    true_size, size = tf.abs(y_true), tf.abs(y_pred)
    small = tf.where(true_size < size, true_size, size)
    size += true_size
    size = tf.where(size > 0.0, size, 1.0)
    value = tf.abs(y_pred - y_true) / size
    # For numbers of one sign this is 1 - 2 small / size, whose slope is no difference of nearly equal numbers.
    slope = -2.0 * small / size
    one_sign = (y_true * y_pred > 0.0) & tf.not_equal(y_true, y_pred)
    return 200.0 * per_example(tf.where(one_sign, tf.stop_gradient(value - slope) + slope, value))


def msle(y_true, y_pred) -> tf.Tensor:
    """`mean (log(1 + p) - log(1 + y))^2`; see `MSLE`."""
    y_true, y_pred = pair(y_true, y_pred)
    safe = tf.maximum(y_pred, LOG1P_FLOOR)
    tangent = (y_pred - safe) / (1.0 + LOG1P_FLOOR)
    growth = (safe - y_true) / (1.0 + y_true)  # (1 + p) / (1 + y) - 1: two logarithms would nearly cancel
    near = tf.abs(growth) < 0.5
    ratio = tf.math.log1p(tf.where(near, growth, 0.0))
    ratio = tf.where(near, ratio, tf.math.log1p(safe) - tf.math.log1p(y_true))
    return per_example(tf.square(ratio + tangent))


def log_cosh(y_true, y_pred) -> tf.Tensor:
    """`mean log cosh e`; see `LogCosh`."""
    size = tf.abs(error(y_true, y_pred))
    # log(cosh) near 0 is a difference of nearly equal numbers: 2 sinh^2(e/2) is cosh(e) - 1 without it.
    small = tf.math.log1p(2.0 * tf.square(tf.sinh(tf.minimum(size, 1.0) / 2.0)))
    large = size + tf.math.log1p(tf.exp(-2.0 * size)) - math.log(2.0)
    return per_example(tf.where(size < 1.0, small, large))


@register
class MSE(ValueLoss):
    """Mean squared error: `mean e^2`, `e = y_pred - y_true`.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    def call(self, y_true, y_pred):
        return mse(y_true, y_pred)


@register
class MAE(ValueLoss):
    """Mean absolute error: `mean |e|`; its minimiser is the median.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    def call(self, y_true, y_pred):
        return mae(y_true, y_pred)


@register
class MAPE(ValueLoss):
    """Mean absolute percentage error: `100 mean |e| / max(|y|, floor)`.

    Args:
        floor: smallest denominator, > 0. With the default a target of 0 weighs 1e9 times more than a
            target of 100; raise `floor` (or use `SMAPE`) where targets come near 0.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    floor: Positive = 1e-07

    def call(self, y_true, y_pred):
        return mape(y_true, y_pred, self.floor)


@register
class SMAPE(ValueLoss):
    """Symmetric mean absolute percentage error: `200 mean |e| / (|y| + |p|)`, in [0, 200] (0 for 0 / 0).

    Source: Makridakis, "Accuracy measures", Int. J. Forecasting 9 (1993). A prediction of the wrong sign
    costs exactly 200 however wrong it is, and has no gradient there.
    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    def call(self, y_true, y_pred):
        return smape(y_true, y_pred)


@register
class MSLE(ValueLoss):
    """Mean squared logarithmic error: `mean (log(1 + p) - log(1 + y))^2`.

    The outputs are the predicted values themselves. Below -0.5 the logarithm is continued by its tangent:
    the formula ends at -1, and clipping outputs at 0 would leave them without a gradient.
    Shapes: `y_true` `[batch, 1]` (or `[batch]`) >= 0, `y_pred` the same shape; returns `[batch]` float32.
    """

    domain = "nonnegative"

    def call(self, y_true, y_pred):
        return msle(y_true, y_pred)


@register
class LogCosh(ValueLoss):
    """`mean log cosh e`: `e^2 / 2` near 0, `|e| - log 2` far away; exact near 0, where Keras returns 0.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    def call(self, y_true, y_pred):
        return log_cosh(y_true, y_pred)
