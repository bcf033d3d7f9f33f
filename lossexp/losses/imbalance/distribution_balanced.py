"""Distribution-balanced loss: many labels per example, some of them rare (Wu et al. 2020)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lossexp.base.checks import Count, NonNegative, Positive
from lossexp.losses.base.counts import CountsLoss
from lossexp.losses.base.loss import register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities


@register
class DBLoss(CountsLoss, OneVsRest):
    """Distribution-balanced focal loss, the mean over L sigmoid outputs of `w (t F(u) + (1 - t) F(-s u) / s)`.

    F(v) = (1 - sigmoid(v))^gamma (-log sigmoid(v)), u = z + (kappa / s) log(n / (N - n)), N = `examples`,
    s = negative_scale. Wu et al. 2020, "Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed
    Datasets": weights w against re-sampling by co-occurring labels, and negatives that are pushed less
    (negative-tolerant regularisation), with the shift kappa / negative_scale of the authors' code. The shift
    acts in the loss only: predict from the raw z.

    Args:
        gamma: >= 0, focal power; 0 leaves weighted cross-entropy.
        alpha, beta, mu: offset >= 0, slope > 0 and centre >= 0 of the weights' sigmoid.
        kappa: >= 0, of the shift by class frequency.
        negative_scale: > 0; above 1, a negative stops pushing earlier.
        examples: training examples; None is the sum of `class_counts`, as where each has one label. An experiment on
            several labels an example gives it.
    """

    averages = True

    gamma: NonNegative = 2.0
    alpha: NonNegative = 0.1
    beta: Positive = 10.0
    mu: NonNegative = 0.2
    kappa: NonNegative = 0.05
    negative_scale: Positive = 2.0
    examples: Count | None = None

    def values(self, targets, logits):
        counts, s = self.counts(logits), self.negative_scale
        without = np.maximum(self.total - counts, 1.0)  # at least one, for a label that every example has
        shifted = logits + np.float32(self.kappa / s * np.log(counts / without))
        terms = targets * self._focal(shifted) + (1.0 - targets) * self._focal(-s * shifted) / s
        return tf.reduce_mean(self.weights(targets, counts) * terms, axis=-1)

    def weights(self, targets: tf.Tensor, counts: np.ndarray) -> tf.Tensor:
        """`alpha + sigmoid(beta (r - mu))`, `[..., L]`, r_k = (1 / n_k) / sum_j t_j / n_j.

        r compares how often label k would be drawn if labels were drawn evenly with how often this example is
        drawn because of all its labels. For an example without labels r is infinite, as in the authors' code, and
        the weight `alpha + 1`.
        """
        inverse = np.float32(1.0 / counts)
        drawn = tf.reduce_sum(targets * inverse, axis=-1, keepdims=True)
        fraction = tf.sigmoid(self.beta * (tf.math.divide_no_nan(inverse, drawn) - self.mu))
        return self.alpha + tf.where(tf.equal(drawn, 0.0), 1.0, fraction)

    def _focal(self, logits: tf.Tensor) -> tf.Tensor:
        log_p, log_q = binary_log_probabilities(logits)
        return -tf.exp(self.gamma * log_q) * log_p
