"""Losses of a predicted normal distribution: two outputs per example, the mean and a log spread."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss
from lossexp.losses.base.shapes import matched

TAIL = 20.0  # standard deviations from which erf and exp have reached their limits in float32


class GaussianLoss(ValueLoss):
    """A loss of outputs `[batch, 2]`, the mean mu and a log spread, for true values `[batch, 1]` (or `[batch]`)."""

    link = "gaussian"

    def formula(self, residual: tf.Tensor, log_spread: tf.Tensor) -> tf.Tensor:
        """Values `[batch]` for `residual = y - mu` and the second output, both `[batch]` float32."""
        raise NotImplementedError

    def call(self, y_true, y_pred):
        y_pred = tf.cast(y_pred, tf.float32)
        if y_pred.shape.rank != 2 or y_pred.shape[-1] != 2:
            raise ValueError(f"y_pred has shape {y_pred.shape}; expected [batch, 2]: mean and log spread")
        mean, log_spread = y_pred[:, :1], y_pred[:, 1]
        return self.formula((matched(y_true, mean) - mean)[:, 0], log_spread)


@register
class GaussianNLL(GaussianLoss):
    """Gaussian negative log-likelihood without its constant: `(v + (y - mu)^2 exp(-v)) / 2`.

    Source: Nix and Weigend, "Estimating the mean and variance of the target probability distribution",
    ICNN 1994. The second output v is the log VARIANCE (in `CRPS` it is the log standard deviation).
    """

    def formula(self, residual, log_spread):
        # A residual of 0 stays 0 where 1 / variance overflows, and half the exponent does so later than the whole.
        exponent = tf.where(tf.equal(residual, 0.0), 0.0, log_spread / 2.0)
        return (log_spread + tf.square(residual * tf.exp(-exponent))) / 2.0


@register
class CRPS(GaussianLoss):
    """Continuous ranked probability score of a normal distribution, `w = (y - mu) / s`, `s = exp(y_pred[1])`:

    `s (w (2 Phi(w) - 1) + 2 phi(w) - 1 / sqrt(pi))`. In units of the target; as s goes to 0 it is `|y - mu|`.

    Source: Gneiting et al., "Calibrated probabilistic forecasting using ensemble model output statistics
    and minimum CRPS estimation", Monthly Weather Review 133 (2005). The second output is the log STANDARD
    DEVIATION (in `GaussianNLL` it is the log variance).
    """

    def formula(self, residual, log_spread):
        scale = tf.exp(log_spread)
        # Beyond TAIL the loss is |y - mu| - s / sqrt(pi) to the last digit; w^2 would overflow there.
        # The value is flat in w itself, whose slopes cancel: computed, they would be 0 times an infinite scale.
        w = tf.stop_gradient(tf.clip_by_value(residual * tf.exp(-tf.maximum(log_spread, -80.0)), -TAIL, TAIL))
        density = tf.exp(-tf.square(w) / 2.0) * math.sqrt(2.0 / math.pi)
        return residual * tf.math.erf(w / math.sqrt(2.0)) + scale * (density - 1.0 / math.sqrt(math.pi))
