"""Jensen-Shannon divergence between label and prediction, between cross-entropy and absolute error."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import Between
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_probabilities


def js(y_true, logits, pi1: float = 0.5) -> tf.Tensor:
    """`(pi1 KL(t, m) + (1 - pi1) KL(p, m)) / (-(1 - pi1) log(1 - pi1))`, `[...]` float32; see `JS`."""
    targets, _ = multiclass_targets(y_true, tf.cast(logits, tf.float32))
    # float64: where the label is very wrong, what the other classes pull cancels.
    t, pi2 = tf.cast(targets, tf.float64), 1.0 - pi1
    log_p, log_not_p = log_probabilities(tf.cast(logits, tf.float64))
    missing = pi1 * (1.0 - t) + pi2 * tf.exp(log_not_p)  # 1 - m_k
    certain = missing < 0.5
    log_sum = tf.reduce_logsumexp(tf.stack([tf.math.log(pi1 * t), math.log(pi2) + log_p], axis=-1), axis=-1)
    log_m = tf.where(certain, tf.math.log1p(-tf.where(certain, missing, tf.zeros_like(missing))), log_sum)
    terms = pi1 * (tf.math.xlogy(t, t) - t * log_m) + pi2 * tf.exp(log_p) * (log_p - log_m)
    return tf.cast(tf.reduce_sum(terms, axis=-1) / (-pi2 * math.log(pi2)), tf.float32)


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

    pi1: Between = 0.5

    def values(self, targets, logits):
        return js(targets, logits, self.pi1)
