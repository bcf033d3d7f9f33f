"""Forward correction: the model predicts clean labels, and known label noise is applied to its prediction."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lossexp.losses.base.multiclass import register
from lossexp.losses.noise.transition import NoisyLabels
from lossexp.losses.numerics.log_probabilities import next_to_one


@register
class Forward(NoisyLabels):
    """Forward correction on softmax logits: `-log sum_k p_k T_ky`, with `T_ky = P(label y | true class k)`.

    With the right T its minimum is that of cross-entropy on clean labels. p itself estimates the clean class:
    predict and evaluate on it. Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A
    Loss Correction Approach".

    Args:
        T: a symmetric noise rate in [0, 1), with which a label moves to any other class with equal probability (0 is
            cross-entropy); the matrix, K rows of K numbers in [0, 1] that sum to 1; a `.npy` or `.csv` file of it; a
            mapping such as `{7: {1: 0.4}}`, of which the rest stays; or true for the experiment's own noise.

    Raises:
        ValueError: T is no matrix of K classes (at the first call).
    """

    def formula(self, t, log_p, log_q):
        if isinstance(self.T, float):
            log_observed = _log_mixed(log_p, log_q, self.T)
        else:
            log_observed = _log_observed(log_p, self.matrix(t.shape[-1]))
        return -tf.reduce_sum(tf.math.multiply_no_nan(log_observed, t), axis=-1)


def _log_mixed(log_p: tf.Tensor, log_q: tf.Tensor, rate: float) -> tf.Tensor:
    """`log((1 - rate - off) p_y + off)`, off = rate / (K - 1): each other class keeps an equal part of `rate`."""
    if rate == 0.0:
        return log_p
    off = rate / (log_p.shape[-1] - 1)
    kept = 1.0 - rate - off
    return next_to_one(tf.math.log(off + kept * tf.exp(log_p)), rate + kept * tf.exp(log_q))


def _log_observed(log_p: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """`log sum_k p_k T_ky` for every y, `[..., K]`; takes memory for `[..., K, K]`."""
    log_p = log_p[..., tf.newaxis]
    possible = matrix > 0.0
    log_t = np.log(np.where(possible, matrix, 1.0)).astype(np.float32)
    log_observed = tf.reduce_logsumexp(tf.where(possible, log_p + log_t, -float("inf")), axis=-2)
    return next_to_one(log_observed, tf.reduce_sum(tf.exp(log_p) * (1.0 - matrix).astype(np.float32), axis=-2))
