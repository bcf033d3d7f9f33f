"""Jensen-Shannon divergence between label and prediction, between cross-entropy and absolute error."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import Between
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.differences import errors

TINY = 1e-18  # what a quotient takes for a probability below it, so that its slope is no infinity


@register
class JS(MulticlassLoss):
    """Jensen-Shannon divergence of label t and p = softmax(logits), scaled: with `m = pi1 t + (1 - pi1) p`,

    `(H(m) - pi1 H(t) - (1 - pi1) H(p)) / (-(1 - pi1) log(1 - pi1))`, H being the entropy.

    Tends to cross-entropy as pi1 goes to 0, and to half the absolute error of the probabilities as it goes to
    1. Englesson and Azizpour 2021, "Generalized Jensen-Shannon Divergence Loss for Learning with Noisy
    Labels" (their GJS adds augmented views of the input, which a loss does not see).

    Args:
        pi1: weight of the label, in (0, 1); larger is more robust to wrong labels.
    """

    pi1: Between = 0.5

    def formula(self, t, log_p, log_q):
        """As `pi1 KL(t, m) + (1 - pi1) KL(p, m)`, with m / t and m / p by their distance from 1."""
        pi1, pi2, log_pi2 = self.pi1, 1.0 - self.pi1, math.log1p(-self.pi1)
        p, error, labelled = tf.exp(log_p), errors(t, log_p, log_q), t > 0.0
        log_m_t = tf.math.log1p(pi2 * error / tf.where(labelled, t, 1.0))  # log(m / t)
        log_m_p = tf.math.log1p(tf.where(labelled, -pi1 * error / tf.maximum(p, TINY), 0.0))  # log(m / p)
        terms = pi1 * t * log_m_t + pi2 * p * tf.where(labelled, log_m_p, log_pi2)
        return tf.reduce_sum(terms, axis=-1) / (pi2 * log_pi2)
