"""Asymmetric regression losses, whose minimisers are quantiles and expectiles."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Between
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss


@register
class Quantile(ValueLoss):
    """Quantile (pinball): `mean max(tau r, (tau - 1) r)`, `r = y_true - y_pred`; its minimiser is the
    tau-quantile. `tau = 0.5` is half the absolute error.

    Source: Koenker and Bassett, "Regression quantiles", Econometrica 46 (1978).

    Args:
        tau: the quantile, in (0, 1). Above 0.5, predicting too low costs more.
    """

    tau: Between = 0.5

    def formula(self, y, m):
        return tf.maximum(self.tau * (y - m), (self.tau - 1.0) * (y - m))


@register
class Expectile(ValueLoss):
    """Expectile: `mean w r^2`, `r = y_true - y_pred`, `w = tau` where `r >= 0`, else `1 - tau`.

    `tau = 0.5` is half the squared error. Smooth where the quantile loss has a corner.
    Source: Newey and Powell, "Asymmetric least squares estimation and testing", Econometrica 55 (1987).

    Args:
        tau: the expectile, in (0, 1). Above 0.5, predicting too low costs more.
    """

    tau: Between = 0.5

    def formula(self, y, m):
        return tf.where(y >= m, self.tau, 1.0 - self.tau) * tf.square(y - m)
