"""Asymmetric regression losses, whose minimisers are quantiles and expectiles."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Between
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss, error, per_example


def quantile(y_true, y_pred, tau: float = 0.5) -> tf.Tensor:
    """`mean max(tau r, (tau - 1) r)`, `r = y_true - y_pred`; see `Quantile`."""
    residual = -error(y_true, y_pred)
    return per_example(tf.maximum(tau * residual, (tau - 1.0) * residual))


def expectile(y_true, y_pred, tau: float = 0.5) -> tf.Tensor:
    """`mean w r^2`, `w = tau` where `r = y_true - y_pred >= 0`, else `1 - tau`; see `Expectile`."""
    residual = -error(y_true, y_pred)
    return per_example(tf.where(residual >= 0.0, tau, 1.0 - tau) * tf.square(residual))


@register
class Quantile(ValueLoss):
    """Quantile (pinball): `mean max(tau r, (tau - 1) r)`, `r = y_true - y_pred`; its minimiser is the
    tau-quantile. `tau = 0.5` is half the absolute error.

    Source: Koenker and Bassett, "Regression quantiles", Econometrica 46 (1978).

    Args:
        tau: the quantile, in (0, 1). Above 0.5, predicting too low costs more.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    tau: Between = 0.5

    def call(self, y_true, y_pred):
        return quantile(y_true, y_pred, self.tau)


@register
class Expectile(ValueLoss):
    """Expectile: `mean w r^2`, `r = y_true - y_pred`, `w = tau` where `r >= 0`, else `1 - tau`.

    `tau = 0.5` is half the squared error. Smooth where the quantile loss has a corner.
    Source: Newey and Powell, "Asymmetric least squares estimation and testing", Econometrica 55 (1987).

    Args:
        tau: the expectile, in (0, 1). Above 0.5, predicting too low costs more.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    tau: Between = 0.5

    def call(self, y_true, y_pred):
        return expectile(y_true, y_pred, self.tau)
