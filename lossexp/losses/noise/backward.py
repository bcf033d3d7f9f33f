"""Backward correction: cross-entropy to all labels, mixed so that known label noise averages out."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import tensorflow as tf

from lossexp.base.checks import Fraction, Interval, Length
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.noise.forward import check_rows, transition_matrix
from lossexp.losses.numerics.log_probabilities import log_softmax
from lossexp.losses.numerics.masked import is_idle

WORST_CONDITION = 1e6  # of a matrix that is inverted: beyond it float32 values have no digits left
SINGULAR = (
    "BackwardCorrection: transition has the condition number {:g}; expected a matrix that can be inverted. Labels "
    "that do not tell classes apart cannot be corrected."
)


def backward(y_true, logits, transition: float | list[list[float]] = 0.2) -> tf.Tensor:
    """`-sum_y t_y sum_j (T^-1)_yj log p_j`, `[...]` float32; see `BackwardCorrection`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    weights = tf.where(is_idle(targets, logits), 0.0, without_noise(targets, transition))
    return -tf.reduce_sum(tf.math.multiply_no_nan(log_softmax(logits), weights), axis=-1)


def without_noise(targets: tf.Tensor, transition: float | list[list[float]]) -> tf.Tensor:
    """`t T^-1`, `[..., K]` float32: targets whose mean over noisy labels is the clean one-hot label."""
    if isinstance(transition, list):
        matrix = transition_matrix(transition, targets.shape[-1], "BackwardCorrection")
        # float64, because float32 matrix products may be rounded to 10 bits on GPUs (TF32).
        return tf.cast(tf.tensordot(tf.cast(targets, tf.float64), _inverse(matrix), axes=1), tf.float32)
    off = transition / (targets.shape[-1] - 1)
    kept = 1.0 - transition - off
    if kept < 1.0 / WORST_CONDITION:
        raise ValueError(SINGULAR.format(1.0 / max(abs(kept), 1e-300)))
    return (targets - off * tf.reduce_sum(targets, axis=-1, keepdims=True)) / kept


@register
class BackwardCorrection(MulticlassLoss):
    """Backward correction on softmax logits: `-sum_j (T^-1)_yj log p_j`, `T_ky = P(label y | true class k)`.

    With the right T its mean over noisy labels is cross-entropy on the clean ones. Weights of other labels
    are negative: values may be below 0 and have no lower bound, and they vary more than those of `Forward`.
    Masked classes are left out of the sum, and T stays as it is, so that nothing averages out for them.
    p estimates the clean class. Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A
    Loss Correction Approach".

    Args:
        transition: a symmetric noise rate in [0, 1), with which a label moves to any other class with equal
            probability (0 is cross-entropy), or the matrix T, K rows of K numbers in [0, 1] that sum to 1.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range; the matrix does not have K rows, or no inverse (at the first
            call; the rate 1 - 1/K has none).
    """

    transition: Annotated[float, Interval("[0, 1)")] | Annotated[list[list[Fraction]], Length(2, "class")] = 0.2

    def __post_init__(self):
        super().__post_init__()
        check_rows(self, self.transition)

    def values(self, targets, logits):
        return backward(targets, logits, self.transition)


def _inverse(matrix: np.ndarray) -> np.ndarray:
    condition = np.linalg.cond(matrix)
    if not condition < WORST_CONDITION:
        raise ValueError(SINGULAR.format(condition))
    return np.linalg.inv(matrix)
