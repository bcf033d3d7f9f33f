"""Forward correction: the model predicts clean labels, and known label noise is applied to its prediction."""

from __future__ import annotations

from numbers import Real

import numpy as np
import tensorflow as tf

from lossexp.losses import validation
from lossexp.losses.classification import MulticlassLoss, register
from lossexp.losses.margin import log_softmax
from lossexp.losses.targets import multiclass_targets


def forward(y_true, logits, transition: float | list[list[float]] = 0.2) -> tf.Tensor:
    """`-sum_y t_y log sum_k p_k T_ky`, `[...]` float32; see `Forward`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    if isinstance(transition, list):
        matrix = transition_matrix(transition, logits.shape[-1])
        log_observed = _log_observed(log_softmax(logits), matrix.astype(np.float32))
    else:
        log_observed = _log_mixed(log_softmax(logits), transition)
    return -tf.reduce_sum(tf.math.multiply_no_nan(log_observed, targets), axis=-1)


def _log_mixed(log_p: tf.Tensor, rate: float) -> tf.Tensor:
    """`log((1 - rate - off) p_y + off)`, off = rate / (K - 1): each other class keeps an equal part of `rate`."""
    off = rate / (log_p.shape[-1] - 1)
    if rate == 0.0:
        return log_p
    return tf.math.log(off + (1.0 - rate - off) * tf.exp(log_p))


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

    def __init__(
        self,
        transition: float | list[list[float]] = 0.2,
        label_smoothing: float = 0.0,
        class_weight: str | list[float] | None = None,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(label_smoothing, class_weight, ignore_class, reduction, name, dtype)
        self.transition = checked_transition(self, transition)

    def values(self, targets, logits):
        return forward(targets, logits, self.transition)


def checked_transition(loss: MulticlassLoss, transition) -> float | list[list[float]]:
    """`transition` as a rate in [0, 1), or as a matrix whose rows are distributions. Raises ValueError."""
    if isinstance(transition, Real):
        return validation.number(loss, "transition", transition, "[0, 1)")
    if not validation.is_list(transition, axes=2) or not len(transition):
        raise ValueError(
            f"{type(loss).__name__}: transition={transition!r}; expected a number in [0, 1), or a matrix of "
            "K rows of K numbers."
        )
    return checked_matrix(loss, transition)


def checked_matrix(loss: MulticlassLoss, rows) -> list[list[float]]:
    """`transition` as a list of rows that are distributions. Raises ValueError."""
    matrix = [validation.numbers(loss, f"transition[{k}]", row, "[0, 1]") for k, row in enumerate(rows)]
    for k, row in enumerate(matrix):
        if len(row) != len(matrix) or abs(sum(row) - 1.0) > 1e-6:
            raise ValueError(
                f"{type(loss).__name__}: transition[{k}]={row}; expected {len(matrix)} numbers in [0, 1] "
                f"that sum to 1, the label probabilities of true class {k}."
            )
    return matrix
