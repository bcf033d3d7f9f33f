"""Tempered softmax and logarithm: a softmax with heavy tails, and a logarithm that stays bounded at 0.

Amid et al. 2019, "Robust Bi-Tempered Logistic Loss Based on Bregman Divergences".
"""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.numerics.log_probabilities import centered
from lossexp.losses.numerics.masked import is_masked

ITERATIONS = 10


def log_tempered_softmax(logits: tf.Tensor, t2: float) -> tf.Tensor:
    """`log p`, `[..., K]` float64, `p_k = [1 + (1 - t2)(z_k - L)]_+^(1 / (1 - t2))`, L making p sum to 1.

    t2 = 1 is softmax, t2 > 1 has tails that fall like a power, t2 < 1 gives exact zeros (log p = -inf), as do masked
    classes: in a heavy tail no finite logit would.
    Not for automatic differentiation: the loss has its gradient in closed form.
    """
    logits = centered(tf.where(is_masked(logits), -float("inf"), logits))
    if t2 == 1.0:
        return tf.nn.log_softmax(tf.cast(logits, tf.float64))
    level = tf.zeros_like(logits[..., :1])
    for _ in range(ITERATIONS):
        level = _closer(logits, level, t2)
    logits, level = tf.cast(logits, tf.float64), tf.cast(level, tf.float64)
    return _log_p(logits, _closer(logits, level, t2), t2)


def log_t(log_x: tf.Tensor, t1: float) -> tf.Tensor:
    """The tempered logarithm `(x^(1 - t1) - 1) / (1 - t1)` of x, from log x; t1 = 1 is the logarithm."""
    return log_x if t1 == 1.0 else tf.math.expm1((1.0 - t1) * log_x) / (1.0 - t1)


def _log_p(logits, level, t2: float) -> tf.Tensor:
    return tf.math.log1p(tf.maximum((1.0 - t2) * (logits - level), -1.0)) / (1.0 - t2)


def _closer(logits, level, t2: float) -> tf.Tensor:
    """One step of Newton's method on `(sum_k p_k)^(1 - t2) = 1`.

    That power of the sum is monotone in the level and linear for equal logits, concave (t2 > 1) or convex
    (t2 < 1) for others, so that steps from 0 never overshoot: five reach float32, from any logits.
    """
    log_p = _log_p(logits, level, t2)
    log_total = tf.reduce_logsumexp(log_p, axis=-1, keepdims=True)
    log_slope = tf.reduce_logsumexp(t2 * log_p, axis=-1, keepdims=True)
    return level + log_t(log_total, t2) * tf.exp(t2 * log_total - log_slope)
