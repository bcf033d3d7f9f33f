"""Jensen-Shannon divergence between label and prediction, between cross-entropy and absolute error."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.losses import validation
from lossexp.losses.classification import MulticlassLoss, register
from lossexp.losses.margin import log_probabilities
from lossexp.losses.targets import multiclass_targets

SMALL = 0.01  # above it log p - log m would lose digits where pi1 is small


def js(y_true, logits, pi1: float = 0.5) -> tf.Tensor:
    """`(pi1 KL(t, m) + (1 - pi1) KL(p, m)) / (-(1 - pi1) log(1 - pi1))`, `[...]` float32; see `JS`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    pi2 = 1.0 - pi1
    log_p, log_not_p = log_probabilities(logits)
    p, not_p = tf.exp(log_p), tf.exp(log_not_p)
    labelled = targets > 0.0
    t = tf.where(labelled, targets, 1.0)
    missing = pi1 * (1.0 - t) + pi2 * not_p  # 1 - m_k
    certain = missing < 0.5
    log_sum = tf.reduce_logsumexp(tf.stack([math.log(pi1) + tf.math.log(t), math.log(pi2) + log_p], axis=-1), axis=-1)
    log_m = tf.where(certain, tf.math.log1p(-tf.where(certain, missing, 0.0)), log_sum)
    growth = pi1 * (t * not_p - (1.0 - t) * p) / tf.maximum(p, SMALL)  # m_k / p_k - 1
    log_ratio = tf.where(p > SMALL, -tf.math.log1p(growth), log_p - log_m)
    terms = pi1 * t * (tf.math.log(t) - log_m) + pi2 * p * log_ratio
    # Where t_k = 0, log(p_k / m_k) is -log pi2. Beside a single label these p_k sum to its 1 - p, whose gradient
    # has no rounding that adds up over many classes.
    single = tf.equal(tf.math.count_nonzero(labelled, axis=-1, keepdims=True), 1)
    others = tf.reduce_sum(tf.where(single & labelled, not_p, tf.where(single | labelled, 0.0, p)), axis=-1)
    values = tf.reduce_sum(tf.where(labelled, terms, 0.0), axis=-1) - pi2 * math.log(pi2) * others
    return values / (-pi2 * math.log(pi2))


@register
class JS(MulticlassLoss):
    """Jensen-Shannon divergence of label t and p = softmax(logits), scaled: with `m = pi1 t + (1 - pi1) p`,

    `(H(m) - pi1 H(t) - (1 - pi1) H(p)) / (-(1 - pi1) log(1 - pi1))`, H being the entropy.

    Tends to cross-entropy as pi1 goes to 0, and to half the absolute error of the probabilities as it goes to
    1. Englesson and Azizpour 2021, "Generalized Jensen-Shannon Divergence Loss for Learning with Noisy
    Labels" (their GJS adds augmented views of the input, which a loss does not see).

    Args:
        pi1: weight of the label, in (0, 1); larger is more robust to wrong labels.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def __init__(
        self,
        pi1: float = 0.5,
        label_smoothing: float = 0.0,
        class_weight: str | list[float] | None = None,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ):
        super().__init__(label_smoothing, class_weight, ignore_class, reduction, name, dtype)
        self.pi1 = validation.number(self, "pi1", pi1, "(0, 1)")

    def values(self, targets, logits):
        return js(targets, logits, self.pi1)
