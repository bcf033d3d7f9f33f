"""Forward correction: the model predicts clean labels, and known label noise is applied to its prediction."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import tensorflow as tf

from lossexp.checks import Fraction, Interval, Length
from lossexp.errors import InputError
from lossexp.losses.classification import MulticlassLoss, register
from lossexp.losses.others import is_largest, slope_through_softmax
from lossexp.losses.targets import multiclass_targets

LOG_SMALLEST = -700.0  # exp of it is still a float64


def forward(y_true, logits, transition: float | list[list[float]] = 0.2) -> tf.Tensor:
    """`-sum_y t_y log sum_k p_k T_ky`, `[...]` float32; see `Forward`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    matrix = transition_matrix(transition, logits.shape[-1])
    t = tf.cast(targets, tf.float64)

    @tf.custom_gradient
    def corrected(logits):
        z = tf.cast(logits, tf.float64)
        p, log_p = tf.nn.softmax(z), tf.nn.log_softmax(z)
        log_observed = _log_observed(t, p, log_p, matrix)

        def gradient(upstream):
            pull = -_shares(t, p, log_p, log_observed, matrix)
            return upstream[..., tf.newaxis] * tf.cast(slope_through_softmax(pull, p), tf.float32)

        values = -tf.reduce_sum(tf.math.multiply_no_nan(log_observed, t), axis=-1)
        return tf.cast(values, tf.float32), gradient

    return corrected(logits)


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


def _log_observed(t, p, log_p, matrix: np.ndarray) -> tf.Tensor:
    """`log sum_k p_k T_ky` for every y, `[..., K]` float64.

    float64, because float32 matrix products may be rounded to 10 bits on GPUs (TF32). The sum is taken of
    logarithms for each row's heaviest label y, which is the only one of a hard label; for the others only
    the term k = y is.
    """
    log_from = log_p + _log(_column(t, matrix))
    heaviest = tf.reduce_logsumexp(log_from, axis=-1, keepdims=True)
    own = np.diag(matrix)
    terms = [log_p + _log(own), tf.math.log(_product(p, matrix - np.diag(own)))]
    log_observed = tf.where(is_largest(t), heaviest, tf.reduce_logsumexp(tf.stack(terms, axis=-1), axis=-1))
    # What is nearly certain is 1 - sum_k p_k (1 - T_ky).
    missing = _product(p, 1.0 - matrix)
    certain = missing < 0.5
    return tf.where(certain, tf.math.log1p(-tf.where(certain, missing, tf.zeros_like(missing))), log_observed)


def _shares(t, p, log_p, log_observed, matrix: np.ndarray) -> tf.Tensor:
    """`sum_y t_y p_k T_ky / sum_i p_i T_iy` for every k, up to multiples of p_k, which leave no gradient.

    Each column of T counts from its smallest entry, so that classes which the label does not tell apart
    cancel exactly.
    """
    columns = matrix - matrix.min(axis=0)
    heaviest = tf.cast(is_largest(t), tf.float64)
    rest = t * (1.0 - heaviest)
    log_of_heaviest = tf.reduce_sum(heaviest * log_observed, axis=-1, keepdims=True)
    shares = tf.exp(log_p + _log(_column(t, columns)) - log_of_heaviest)
    shares *= tf.reduce_max(t, axis=-1, keepdims=True)
    own = np.diag(columns)
    shares += tf.math.multiply_no_nan(tf.exp(log_p - log_observed), rest) * own
    inverse = tf.math.multiply_no_nan(tf.exp(-tf.maximum(log_observed, LOG_SMALLEST)), rest)
    return shares + p * _product(inverse, (columns - np.diag(own)).T)


def _column(t: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """`[..., K]`: the column of each row's heaviest label."""
    return tf.gather(tf.constant(matrix.T), tf.argmax(t, axis=-1))


def _product(x: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """`x @ matrix` for x `[..., K]`."""
    return tf.tensordot(x, tf.constant(matrix), axes=1)


def _log(x) -> tf.Tensor:
    return tf.math.log(tf.constant(x, tf.float64) if isinstance(x, np.ndarray) else x)


def check_rows(loss: MulticlassLoss, transition: float | list[list[float]]) -> None:
    """Raises InputError unless `transition` is a number, or a matrix whose rows are distributions."""
    rows = [] if isinstance(transition, float) else transition
    for k, row in enumerate(rows):
        if len(row) != len(rows) or abs(sum(row) - 1.0) > 1e-6:
            raise InputError(
                f"{type(loss).__name__}.transition[{k}]={row}: give {len(rows)} numbers in [0, 1] that sum to 1, the "
                f"label probabilities of true class {k}."
            )
