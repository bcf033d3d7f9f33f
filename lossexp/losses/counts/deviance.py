"""Losses for counts and positive amounts: Poisson, Tweedie, gamma.

Each takes outputs z and a `link` that makes the predicted mean m of them: `"identity"` (m = z, as in
`keras.losses.Poisson`, for a model that ends in positive values; m is floored at
`keras.config.epsilon()`), `"exp"` (m = exp(z), for raw outputs; the options of conf/loss choose it) or
`"softplus"` (m = softplus(z), grows slower). Nothing is NaN for targets in a loss's domain; where the true value
or slope is too large for a float32 (as exp(z) is from z = 89 on), it is infinite.
"""

from __future__ import annotations

from typing import Annotated, Literal

import keras
import tensorflow as tf

from lossexp.base.checks import Interval
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss, pair, per_example


def poisson(y_true, y_pred, link: str = "identity") -> tf.Tensor:
    """`mean m - y log m`; see `Poisson`."""
    y_true, y_pred = pair(y_true, y_pred)
    return per_example(_mean(y_pred, link) - y_true * _log_mean(y_pred, link))


def tweedie(y_true, y_pred, power: float = 1.5, link: str = "identity") -> tf.Tensor:
    """Tweedie deviance of power strictly between 1 and 2; see `Tweedie`."""
    y_true, y_pred = pair(y_true, y_pred)
    log_mean = _log_mean(y_pred, link)
    low, high = power - 1.0, 2.0 - power
    constant = -tf.pow(y_true, high) / (low * high)
    # The mean may underflow: a target of 0 leaves its inverse out, as 0 times infinity would be NaN.
    inverse = tf.exp(-low * tf.where(y_true > 0.0, log_mean, 0.0))
    direct = constant + y_true * inverse / low + tf.exp(high * log_mean) / high
    # Near the target these three nearly cancel; in r = log(m / y) nothing does.
    near, ratio = _near(_log_mean(tf.cast(y_pred, tf.float64), link), y_true)
    stable = tf.cast(_excess(-low * ratio) / low + _excess(high * ratio) / high, tf.float32)
    return per_example(2.0 * tf.where(near, tf.pow(tf.where(near, y_true, 1.0), high) * stable, direct))


def gamma_deviance(y_true, y_pred, link: str = "identity") -> tf.Tensor:
    """`mean 2 (log(m / y) + y / m - 1)`; see `GammaDeviance`."""
    y_true, y_pred = pair(y_true, y_pred)
    log_mean = _log_mean(y_pred, link)
    near, ratio = _near(_log_mean(tf.cast(y_pred, tf.float64), link), y_true)
    far = log_mean - tf.math.log(y_true)
    return per_example(2.0 * tf.where(near, tf.cast(_excess(-ratio), tf.float32), far + tf.math.expm1(-far)))


@register
class Poisson(ValueLoss):
    """Poisson negative log-likelihood without its constant: `mean m - y log m`, m the predicted rate.

    Args:
        link: how outputs become rates: `"exp"` (then the loss is `exp(z) - y z`), `"softplus"`, or
            `"identity"` (outputs are rates already, as in `keras.losses.Poisson`).

    Shapes: `y_true` `[batch, 1]` (or `[batch]`) >= 0, `y_pred` the same shape; returns `[batch]` float32.
    """

    domain = "nonnegative"

    link: Literal["exp", "softplus", "identity"] = "identity"

    def call(self, y_true, y_pred):
        return poisson(y_true, y_pred, self.link)


@register
class Tweedie(ValueLoss):
    """Tweedie deviance, for amounts with many exact zeros (rain, claims), m the predicted mean:

    `2 (y^(2-p) / ((1-p)(2-p)) - y m^(1-p) / (1-p) + m^(2-p) / (2-p))`; mean over the last axis.

    Source: Jorgensen, "Exponential dispersion models", J. R. Stat. Soc. B 49 (1987).

    Args:
        power: p, in (1, 2); near 1 Poisson-like, near 2 gamma-like (use those losses for 1 and 2).
        link: how outputs become means: `"exp"`, `"softplus"` or `"identity"`.

    Shapes: `y_true` `[batch, 1]` (or `[batch]`) >= 0, `y_pred` the same shape; returns `[batch]` float32.
    """

    domain = "nonnegative"

    power: Annotated[float, Interval("(1, 2)")] = 1.5
    link: Literal["exp", "softplus", "identity"] = "identity"

    def call(self, y_true, y_pred):
        return tweedie(y_true, y_pred, self.power, self.link)


@register
class GammaDeviance(ValueLoss):
    """Gamma deviance: `mean 2 (log(m / y) + y / m - 1)`, m the predicted mean; errors count relatively.

    Source: McCullagh and Nelder, "Generalized linear models", 2nd ed. (1989), chapter 8.

    Args:
        link: how outputs become means: `"exp"`, `"softplus"` or `"identity"`.

    Shapes: `y_true` `[batch, 1]` (or `[batch]`) > 0, `y_pred` the same shape; returns `[batch]` float32.
    """

    domain = "positive"

    link: Literal["exp", "softplus", "identity"] = "identity"

    def call(self, y_true, y_pred):
        return gamma_deviance(y_true, y_pred, self.link)


def _mean(outputs: tf.Tensor, link: str) -> tf.Tensor:
    if link == "exp":
        return tf.exp(outputs)
    return tf.nn.softplus(outputs) if link == "softplus" else tf.maximum(outputs, keras.config.epsilon())


def _log_mean(outputs: tf.Tensor, link: str) -> tf.Tensor:
    if link == "exp":
        return outputs
    if link == "softplus":  # softplus(z) is exp(z) far below 0, where it underflows
        return tf.where(outputs < -15.0, outputs, tf.math.log(tf.nn.softplus(tf.maximum(outputs, -15.0))))
    floor = tf.cast(keras.config.epsilon(), outputs.dtype)
    return tf.math.log(tf.maximum(outputs, floor))


def _near(log_mean: tf.Tensor, y_true: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where |log(m / y)| < 1/2, and log(m / y) there, from a float64 `log_mean`: float32 logarithms are too coarse."""
    positive = y_true > 0.0
    ratio = log_mean - tf.math.log(tf.cast(tf.where(positive, y_true, 1.0), tf.float64))
    near = positive & (tf.abs(ratio) < 0.5)
    return near, tf.where(near, ratio, 0.0)


def _excess(x: tf.Tensor) -> tf.Tensor:
    """`exp(x) - 1 - x` for |x| <= 1/2, by its series: no difference of nearly equal numbers, nor in its slope."""
    series = tf.ones_like(x)
    for n in range(12, 2, -1):
        series = 1.0 + x / n * series
    return 0.5 * tf.square(x) * series
