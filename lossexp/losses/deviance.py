"""Losses for counts and positive amounts: Poisson, Tweedie, gamma.

Each takes raw outputs z and a `link` that makes the predicted mean m of them: `"exp"` (m = exp(z), the
usual one), `"softplus"` (m = softplus(z), grows slower) or `"identity"` (m = z, for a model that already
ends in positive values; m is floored at `keras.config.epsilon()`).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from lossexp.losses import validation
from lossexp.losses.values import ValueLoss, pair, per_example

MEAN_LINKS = ("exp", "softplus", "identity")


def poisson(y_true, y_pred, link: str = "exp") -> tf.Tensor:
    """`mean m - y log m`; see `Poisson`."""
    y_true, y_pred = pair(y_true, y_pred)
    return per_example(_mean(y_pred, link) - y_true * _log_mean(y_pred, link))


def tweedie(y_true, y_pred, power: float = 1.5, link: str = "exp") -> tf.Tensor:
    """Tweedie deviance of power strictly between 1 and 2; see `Tweedie`."""
    y_true, y_pred = pair(y_true, y_pred)
    log_mean = _log_mean(y_pred, link)
    low, high = power - 1.0, 2.0 - power
    constant = -tf.pow(y_true, high) / (low * high)
    return per_example(2.0 * (constant + y_true * tf.exp(-low * log_mean) / low + tf.exp(high * log_mean) / high))


def gamma_deviance(y_true, y_pred, link: str = "exp") -> tf.Tensor:
    """`mean 2 (log(m / y) + y / m - 1)`; see `GammaDeviance`."""
    y_true, y_pred = pair(y_true, y_pred)
    ratio = _log_mean(y_pred, link) - tf.math.log(y_true)
    return per_example(2.0 * (ratio + tf.math.expm1(-ratio)))


@keras.saving.register_keras_serializable("lossexp")
class Poisson(ValueLoss):
    """Poisson negative log-likelihood without its constant: `mean m - y log m`, m the predicted rate.

    Args:
        link: how outputs become rates: `"exp"` (then the loss is `exp(z) - y z`), `"softplus"`, or
            `"identity"` (outputs are rates already, as in `keras.losses.Poisson`).

    Shapes: `y_true` `[batch, 1]` (or `[batch]`) >= 0, `y_pred` the same shape; returns `[batch]` float32.
    """

    domain = "nonnegative"

    def __init__(
        self,
        link: str = "exp",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.link = validation.choice(self, "link", link, MEAN_LINKS)

    def call(self, y_true, y_pred):
        return poisson(y_true, y_pred, self.link)


@keras.saving.register_keras_serializable("lossexp")
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

    def __init__(
        self,
        power: float = 1.5,
        link: str = "exp",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.power = validation.number(self, "power", power, "(1, 2)")
        self.link = validation.choice(self, "link", link, MEAN_LINKS)

    def call(self, y_true, y_pred):
        return tweedie(y_true, y_pred, self.power, self.link)


@keras.saving.register_keras_serializable("lossexp")
class GammaDeviance(ValueLoss):
    """Gamma deviance: `mean 2 (log(m / y) + y / m - 1)`, m the predicted mean; errors count relatively.

    Source: McCullagh and Nelder, "Generalized linear models", 2nd ed. (1989), chapter 8.

    Args:
        link: how outputs become means: `"exp"`, `"softplus"` or `"identity"`.

    Shapes: `y_true` `[batch, 1]` (or `[batch]`) > 0, `y_pred` the same shape; returns `[batch]` float32.
    """

    domain = "positive"

    def __init__(
        self,
        link: str = "exp",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.link = validation.choice(self, "link", link, MEAN_LINKS)

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
    return tf.math.log(tf.maximum(outputs, keras.config.epsilon()))
