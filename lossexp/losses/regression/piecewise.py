"""Piecewise regression losses: a different law for small and large errors."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import NonNegative, Positive
from lossexp.losses.base.loss import register
from lossexp.losses.base.regression import ValueLoss, error, per_example


def huber(y_true, y_pred, delta: float = 1.0) -> tf.Tensor:
    """`e^2 / 2` where `|e| <= delta`, else `delta |e| - delta^2 / 2`; see `Huber`."""
    size = tf.abs(error(y_true, y_pred))
    near = tf.minimum(size, delta)
    return per_example(near * (size - near / 2.0))


def smooth_l1(y_true, y_pred, beta: float = 1.0) -> tf.Tensor:
    """`huber(delta=beta) / beta`; see `SmoothL1`."""
    return huber(y_true, y_pred, delta=beta) / beta


def epsilon_insensitive(y_true, y_pred, epsilon: float = 0.1) -> tf.Tensor:
    """`mean max(|e| - epsilon, 0)`; see `EpsilonInsensitive`."""
    return per_example(tf.nn.relu(tf.abs(error(y_true, y_pred)) - epsilon))


def wing(y_true, y_pred, width: float = 10.0, epsilon: float = 2.0) -> tf.Tensor:
    """`width log(1 + |e| / epsilon)` where `|e| < width`, else `|e| - C`; see `Wing`."""
    size = tf.abs(error(y_true, y_pred))
    offset = width - width * math.log1p(width / epsilon)
    return per_example(tf.where(size < width, width * tf.math.log1p(size / epsilon), size - offset))


@register
class Huber(ValueLoss):
    """Huber: `e^2 / 2` where `|e| <= delta`, else `delta |e| - delta^2 / 2`; mean over the last axis.

    Source: Huber, "Robust estimation of a location parameter", Ann. Math. Statist. 35 (1964).

    Args:
        delta: where the quadratic ends, > 0, in units of the target.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    delta: Positive = 1.0

    def call(self, y_true, y_pred):
        return huber(y_true, y_pred, self.delta)


@register
class SmoothL1(ValueLoss):
    """Smooth L1: `e^2 / (2 beta)` where `|e| <= beta`, else `|e| - beta / 2`; Huber divided by beta.

    Source: Girshick, "Fast R-CNN", ICCV 2015 (beta = 1).

    Args:
        beta: where the quadratic ends, > 0, in units of the target. Slopes stay 1 as beta goes to 0 (MAE).

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    beta: Positive = 1.0

    def call(self, y_true, y_pred):
        return smooth_l1(y_true, y_pred, self.beta)


@register
class EpsilonInsensitive(ValueLoss):
    """Epsilon-insensitive: `mean max(|e| - epsilon, 0)`; errors within epsilon cost nothing.

    Source: Drucker et al., "Support vector regression machines", NIPS 1996.

    Args:
        epsilon: half-width of the free band, >= 0, in units of the target (0 is MAE).

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    epsilon: NonNegative = 0.1

    def call(self, y_true, y_pred):
        return epsilon_insensitive(y_true, y_pred, self.epsilon)


@register
class Wing(ValueLoss):
    """Wing: `width log(1 + |e| / epsilon)` where `|e| < width`, else `|e| - C`, C making it continuous.

    Source: Feng et al., "Wing loss for robust facial landmark localisation", CVPR 2018. Steep for small
    errors: defaults suit pixel coordinates, so scale both parameters to the target's units.

    Args:
        width: where the logarithm ends, > 0 (the paper's w).
        epsilon: curvature of the logarithm, > 0; the slope at 0 is width / epsilon.

    Shapes: `y_true` and `y_pred` `[batch, 1]` (or `[batch]`), any real values; returns `[batch]` float32.
    """

    width: Positive = 10.0
    epsilon: Positive = 2.0

    def call(self, y_true, y_pred):
        return wing(y_true, y_pred, self.width, self.epsilon)
