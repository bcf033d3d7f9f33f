"""Backward correction: cross-entropy to all labels, mixed so that known label noise averages out."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import tensorflow as tf

from lossexp.base.checks import Interval
from lossexp.losses.base.multiclass import register
from lossexp.losses.noise.transition import NoisyLabels
from lossexp.losses.numerics.log_probabilities import log_probabilities
from lossexp.losses.numerics.masked import is_idle

WORST_CONDITION = 1e6  # of a matrix that is inverted: beyond it float32 values have no digits left
SINGULAR = (
    "BackwardCorrection: T has the condition number {:g}; expected a matrix that can be inverted. Labels "
    "that do not tell classes apart cannot be corrected."
)


@register
class BackwardCorrection(NoisyLabels):
    """Backward correction on softmax logits: `-sum_j (T^-1)_yj log p_j`, `T_ky = P(label y | true class k)`.

    With the right T its mean over noisy labels is cross-entropy on the clean ones. Weights of other labels
    are negative: values may be below 0 and have no lower bound, and they vary more than those of `Forward`.
    Masked classes are left out of the sum, and T stays as it is, so that nothing averages out for them.
    p estimates the clean class. Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A
    Loss Correction Approach".

    Args:
        T: a symmetric noise rate in [0, 1), with which a label moves to any other class with equal probability (0 is
            cross-entropy); the matrix, K rows of K numbers in [0, 1] that sum to 1; a `.npy` or `.csv` file of it; a
            mapping such as `{7: {1: 0.4}}`, of which the rest stays; or true for the experiment's own noise.
        clip: probabilities are kept in [clip, 1 - clip] before the logarithm, as in published code, which bounds values
            and leaves what is beyond without a gradient; None is no bound.

    Raises:
        ValueError: T is no matrix of K classes, or no inverse (at the first call; the rate 1 - 1/K has none).
    """

    clip: Annotated[float, Interval("(0, 0.5)")] | None = None

    def values(self, targets, logits):
        weights = tf.where(is_idle(targets, logits), 0.0, self.without_noise(targets))
        log_p, _ = log_probabilities(logits)
        if self.clip is not None:
            log_p = tf.clip_by_value(log_p, math.log(self.clip), math.log1p(-self.clip))
        return -tf.reduce_sum(weights * log_p, axis=-1)

    def without_noise(self, t: tf.Tensor) -> tf.Tensor:
        """`t T^-1`, `[..., K]` float32: targets whose mean over noisy labels is the clean one-hot label."""
        if not isinstance(self.T, float):
            inverse = _inverse(self.matrix(t.shape[-1]))
            # float64, because float32 matrix products may be rounded to 10 bits on GPUs (TF32).
            return tf.cast(tf.tensordot(tf.cast(t, tf.float64), inverse, axes=1), tf.float32)
        off = self.T / (t.shape[-1] - 1)
        kept = 1.0 - self.T - off
        if kept < 1.0 / WORST_CONDITION:
            raise ValueError(SINGULAR.format(1.0 / max(abs(kept), 1e-300)))
        return (t - off * tf.reduce_sum(t, axis=-1, keepdims=True)) / kept


def _inverse(matrix: np.ndarray) -> np.ndarray:
    condition = np.linalg.cond(matrix)
    if not condition < WORST_CONDITION:
        raise ValueError(SINGULAR.format(condition))
    return np.linalg.inv(matrix)
