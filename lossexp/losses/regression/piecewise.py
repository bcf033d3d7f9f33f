"""Piecewise regression losses: a different law for small and large errors."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import NonNegative, Positive
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss


def huber(e: tf.Tensor, delta: float) -> tf.Tensor:
    """`e^2 / 2` where `|e| <= delta`, else `delta |e| - delta^2 / 2`, in the shape of the errors e."""
    near = tf.minimum(tf.abs(e), delta)
    return near * (tf.abs(e) - near / 2.0)


@register
class Huber(ValueLoss):
    """Huber: `e^2 / 2` where `|e| <= delta`, else `delta |e| - delta^2 / 2`; mean over the last axis.

    Source: Huber, "Robust estimation of a location parameter", Ann. Math. Statist. 35 (1964).

    Args:
        delta: where the quadratic ends, > 0, in units of the target.
    """

    delta: Positive = 1.0

    def formula(self, y, m):
        return huber(m - y, self.delta)


@register
class SmoothL1(ValueLoss):
    """Smooth L1: `e^2 / (2 beta)` where `|e| <= beta`, else `|e| - beta / 2`; Huber divided by beta.

    Source: Girshick, "Fast R-CNN", ICCV 2015 (beta = 1).

    Args:
        beta: where the quadratic ends, > 0, in units of the target. Slopes stay 1 as beta goes to 0 (MAE).
    """

    beta: Positive = 1.0

    def formula(self, y, m):
        return huber(m - y, self.beta) / self.beta


@register
class EpsilonInsensitive(ValueLoss):
    """Epsilon-insensitive: `mean max(|e| - epsilon, 0)`; errors within epsilon cost nothing.

    Source: Drucker et al., "Support vector regression machines", NIPS 1996.

    Args:
        epsilon: half-width of the free band, >= 0, in units of the target (0 is MAE).
    """

    epsilon: NonNegative = 0.1

    def formula(self, y, m):
        return tf.nn.relu(tf.abs(m - y) - self.epsilon)


@register
class Wing(ValueLoss):
    """Wing: `width log(1 + |e| / epsilon)` where `|e| < width`, else `|e| - C`, C making it continuous.

    Source: Feng et al., "Wing loss for robust facial landmark localisation", CVPR 2018. Steep for small
    errors: defaults suit pixel coordinates, so scale both parameters to the target's units.

    Args:
        width: where the logarithm ends, > 0 (the paper's w).
        epsilon: curvature of the logarithm, > 0; the slope at 0 is width / epsilon.
    """

    width: Positive = 10.0
    epsilon: Positive = 2.0

    def formula(self, y, m):
        size = tf.abs(m - y)
        offset = self.width - self.width * math.log1p(self.width / self.epsilon)
        return tf.where(size < self.width, self.width * tf.math.log1p(size / self.epsilon), size - offset)
