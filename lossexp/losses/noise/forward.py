"""Forward correction: the model predicts clean labels, and known label noise is applied to its prediction."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import tensorflow as tf

from lossexp.base.checks import Fraction, Interval, Length
from lossexp.base.errors import InputError
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_probabilities, log_softmax


def forward(y_true, logits, transition: float | list[list[float]] = 0.2) -> tf.Tensor:
    """`-sum_y t_y log sum_k p_k T_ky`, `[...]` float32; see `Forward`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    if isinstance(transition, list):
        matrix = transition_matrix(transition, logits.shape[-1])
        log_observed = _log_observed(log_softmax(logits), matrix.astype(np.float32))
    else:
        log_observed = _log_mixed(logits, transition)
    return -tf.reduce_sum(tf.math.multiply_no_nan(log_observed, targets), axis=-1)


def _log_mixed(logits: tf.Tensor, rate: float) -> tf.Tensor:
    """`log((1 - rate - off) p_y + off)`, off = rate / (K - 1): each other class keeps an equal part of `rate`."""
    if rate == 0.0:
        return log_softmax(logits)
    off = rate / (logits.shape[-1] - 1)
    kept = 1.0 - rate - off
    log_p, log_not_p = log_probabilities(logits)
    missing = rate + kept * tf.exp(log_not_p)  # 1 minus the mixture, for its digits next to 1
    likely = missing < 0.5
    log_unlikely = tf.math.log(off + kept * tf.exp(tf.where(likely, -1.0, log_p)))
    return tf.where(likely, tf.math.log1p(-tf.where(likely, missing, 0.0)), log_unlikely)


def _log_observed(log_p: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """`log sum_k p_k T_ky` for every y, `[..., K]`; takes memory for `[..., K, K]`."""
    log_p = log_p[..., tf.newaxis]
    possible = matrix > 0.0
    log_t = np.log(np.where(possible, matrix, 1.0))
    log_observed = tf.reduce_logsumexp(tf.where(possible, log_p + log_t, -float("inf")), axis=-2)
    # What is nearly certain is 1 - sum_k p_k (1 - T_ky).
    missing = tf.reduce_sum(tf.exp(log_p) * (1.0 - matrix), axis=-2)
    certain = missing < 0.5
    return tf.where(certain, tf.math.log1p(-tf.where(certain, missing, 0.0)), log_observed)


def transition_matrix(transition: float | list[list[float]], num_classes: int, loss: str = "Forward") -> np.ndarray:
    """`T` `[K, K]` float64 from a matrix, or from a symmetric noise rate. Raises ValueError on another K."""
    if not hasattr(transition, "__len__"):
        off = transition / (num_classes - 1)
        return np.where(np.eye(num_classes, dtype=bool), 1.0 - transition, off)
    if len(transition) != num_classes:
        raise ValueError(f"{loss}: transition has {len(transition)} rows and columns for {num_classes} classes.")
    return np.asarray(transition, np.float64)


@register
class Forward(MulticlassLoss):
    """Forward correction on softmax logits: `-log sum_k p_k T_ky`, with `T_ky = P(label y | true class k)`.

    With the right T its minimum is that of cross-entropy on clean labels. p itself estimates the clean class:
    predict and evaluate on it. Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A
    Loss Correction Approach".

    Args:
        transition: a symmetric noise rate in [0, 1), with which a label moves to any other class with equal
            probability (0 is cross-entropy), or the matrix T, K rows of K numbers in [0, 1] that sum to 1.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range; the matrix does not have K rows (at the first call).
    """

    transition: Annotated[float, Interval("[0, 1)")] | Annotated[list[list[Fraction]], Length(2, "class")] = 0.2

    def __post_init__(self):
        super().__post_init__()
        check_rows(self, self.transition)

    def values(self, targets, logits):
        return forward(targets, logits, self.transition)


def check_rows(loss: MulticlassLoss, transition: float | list[list[float]]) -> None:
    """Raises InputError unless `transition` is a number, or a matrix whose rows are distributions."""
    rows = [] if isinstance(transition, float) else transition
    for k, row in enumerate(rows):
        if len(row) != len(rows) or abs(sum(row) - 1.0) > 1e-6:
            raise InputError(
                f"{type(loss).__name__}.transition[{k}]={row}: give {len(rows)} numbers in [0, 1] that sum to 1, the "
                f"label probabilities of true class {k}."
            )
