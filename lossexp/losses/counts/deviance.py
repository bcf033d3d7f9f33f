"""Losses for counts and positive amounts: Poisson, Tweedie, gamma."""

from __future__ import annotations

from typing import Annotated, Literal

import keras
import tensorflow as tf

from lossexp.base.checks import Interval
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss


class MeanLoss(ValueLoss):
    """A loss of outputs z that stand for a predicted mean m > 0.

    Nothing is NaN for targets in the loss's domain; where the true value or slope is too large for a float32 (as
    exp(z) is from z = 89 on), it is infinite.

    Args:
        link: how outputs become means: `"identity"` (m = z, as in `keras.losses.Poisson`, for a model that ends in
            positive values; m is floored at `keras.config.epsilon()`), `"exp"` (m = exp(z), for raw outputs; the
            options of conf/loss choose it) or `"softplus"` (m = softplus(z), grows slower).
    """

    link: Literal["exp", "softplus", "identity"] = "identity"

    def log_mean(self, z: tf.Tensor) -> tf.Tensor:
        """`log m` in the shape and dtype of the outputs z."""
        if self.link == "exp":
            return z
        if self.link == "softplus":  # softplus(z) is exp(z) far below 0, where it underflows
            return tf.where(z < -15.0, z, tf.math.log(tf.nn.softplus(tf.maximum(z, -15.0))))
        return tf.math.log(self.floored(z))

    def floored(self, z: tf.Tensor) -> tf.Tensor:
        return tf.maximum(z, tf.cast(keras.config.epsilon(), z.dtype))


@register
class Poisson(MeanLoss):
    """Poisson negative log-likelihood without its constant: `mean m - y log m`, m the predicted rate, y >= 0.

    Args:
        link: how outputs become rates: `"exp"` (then the loss is `exp(z) - y z`), `"softplus"`, or
            `"identity"` (outputs are rates already, as in `keras.losses.Poisson`).
    """

    domain = "nonnegative"

    def formula(self, y, m):
        rates = {"exp": tf.exp, "softplus": tf.nn.softplus, "identity": self.floored}
        return rates[self.link](m) - y * self.log_mean(m)


@register
class Tweedie(MeanLoss):
    """Tweedie deviance, for amounts y >= 0 with many exact zeros (rain, claims), m the predicted mean:

    `2 (y^(2-p) / ((1-p)(2-p)) - y m^(1-p) / (1-p) + m^(2-p) / (2-p))`; mean over the last axis.

    Source: Jorgensen, "Exponential dispersion models", J. R. Stat. Soc. B 49 (1987).

    Args:
        power: p, in (1, 2); near 1 Poisson-like, near 2 gamma-like (use those losses for 1 and 2).
        link: how outputs become means: `"exp"`, `"softplus"` or `"identity"`.
    """

    domain = "nonnegative"

    power: Annotated[float, Interval("(1, 2)")] = 1.5

    def formula(self, y, m):
        log_mean = self.log_mean(m)
        low, high = self.power - 1.0, 2.0 - self.power
        constant = -tf.pow(y, high) / (low * high)
        # The mean may underflow: a target of 0 leaves its inverse out, as 0 times infinity would be NaN.
        inverse = tf.exp(-low * tf.where(y > 0.0, log_mean, 0.0))
        direct = constant + y * inverse / low + tf.exp(high * log_mean) / high
        # Near the target these three nearly cancel; in r = log(m / y) nothing does.
        near, ratio = _near(self.log_mean(tf.cast(m, tf.float64)), y)
        stable = tf.cast(_excess(-low * ratio) / low + _excess(high * ratio) / high, tf.float32)
        return 2.0 * tf.where(near, tf.pow(tf.where(near, y, 1.0), high) * stable, direct)


@register
class GammaDeviance(MeanLoss):
    """Gamma deviance: `mean 2 (log(m / y) + y / m - 1)`, m the predicted mean, y > 0; errors count relatively.

    Source: McCullagh and Nelder, "Generalized linear models", 2nd ed. (1989), chapter 8.

    Args:
        link: how outputs become means: `"exp"`, `"softplus"` or `"identity"`.
    """

    domain = "positive"

    def formula(self, y, m):
        near, ratio = _near(self.log_mean(tf.cast(m, tf.float64)), y)
        far = self.log_mean(m) - tf.math.log(y)
        return 2.0 * tf.where(near, tf.cast(_excess(-ratio), tf.float32), far + tf.math.expm1(-far))


def _near(log_mean: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where |log(m / y)| < 1/2, and log(m / y) there, from a float64 `log_mean`: float32 logarithms are too coarse."""
    positive = y > 0.0
    ratio = log_mean - tf.math.log(tf.cast(tf.where(positive, y, 1.0), tf.float64))
    near = positive & (tf.abs(ratio) < 0.5)
    return near, tf.where(near, ratio, 0.0)


def _excess(x: tf.Tensor) -> tf.Tensor:
    """`exp(x) - 1 - x` for |x| <= 1/2, by its series: no difference of nearly equal numbers, nor in its slope."""
    series = tf.ones_like(x)
    for n in range(12, 2, -1):
        series = 1.0 + x / n * series
    return 0.5 * tf.square(x) * series
