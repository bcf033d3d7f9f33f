"""Distribution-balanced loss: many labels per example, some of them rare (Wu et al. 2020)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lossexp.base.checks import NonNegative, Positive
from lossexp.losses.base.counts import CountsLoss, checked, constant
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities


def rebalancing_weights(targets, counts: np.ndarray, alpha: float, beta: float, mu: float) -> tf.Tensor:
    """`alpha + sigmoid(beta (r - mu))`, `[..., L]`, r_k = (1 / n_k) / sum_j t_j / n_j.

    r compares how often label k would be drawn if labels were drawn evenly with how often this example is
    drawn because of all its labels. For an example without labels r is infinite, as in the authors' code, and
    the weight `alpha + 1`.
    """
    inverse = constant(1.0 / counts)
    drawn = tf.reduce_sum(targets * inverse, axis=-1, keepdims=True)
    share = tf.sigmoid(beta * (tf.math.divide_no_nan(inverse, drawn) - mu))
    return alpha + tf.where(tf.equal(drawn, 0.0), 1.0, share)


def distribution_balanced(
    targets,
    logits,
    class_counts,
    gamma: float = 2.0,
    alpha: float = 0.1,
    beta: float = 10.0,
    mu: float = 0.2,
    kappa: float = 0.05,
    negative_scale: float = 2.0,
) -> tf.Tensor:
    """Mean over labels of `w (t F(u) + (1 - t) F(-s u) / s)`, `[...]` float32, logits z `[..., L]`.

    u = z + (kappa / s) log(n / (N - n)), N = sum n, s = negative_scale, w from `rebalancing_weights`, and
    F(v) = (1 - sigmoid(v))^gamma (-log sigmoid(v)).
    """
    logits = tf.cast(logits, tf.float32)
    targets = tf.cast(targets, tf.float32)
    counts = checked(class_counts, logits)
    weights = rebalancing_weights(targets, counts, alpha, beta, mu)
    shifted = logits + constant(kappa / negative_scale * np.log(counts / (counts.sum() - counts)))
    positive = _focal(shifted, gamma)
    negative = _focal(-negative_scale * shifted, gamma) / negative_scale
    return tf.reduce_mean(weights * (targets * positive + (1.0 - targets) * negative), axis=-1)


def _focal(logits: tf.Tensor, gamma: float) -> tf.Tensor:
    log_p, log_not_p = binary_log_probabilities(logits)
    return -tf.exp(gamma * log_not_p) * log_p


@register
class DBLoss(OneVsRest, CountsLoss):
    """Distribution-balanced focal loss on L sigmoid outputs, mean over them; see `distribution_balanced`.

    Wu et al. 2020, "Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed Datasets":
    weights against re-sampling by co-occurring labels, and negatives that are pushed less
    (negative-tolerant regularisation), with the shift kappa / negative_scale of the authors' code. The shift
    acts in the loss only: predict from the raw z.

    Args:
        gamma: >= 0, focal power; 0 leaves weighted cross-entropy.
        alpha, beta, mu: offset >= 0, slope > 0 and centre >= 0 of the weights' sigmoid.
        kappa: >= 0, of the shift by class frequency.
        negative_scale: > 0; above 1, a negative stops pushing earlier.
        class_counts: training examples per label, or None until `adapt`.
        ignore_class: see `MulticlassLoss`; for rows of labels, `OneVsRest`.

    Raises:
        ValueError: a parameter out of range; a class without examples; no counts when a value is asked for.
    """

    averages = True

    gamma: NonNegative = 2.0
    alpha: NonNegative = 0.1
    beta: Positive = 10.0
    mu: NonNegative = 0.2
    kappa: NonNegative = 0.05
    negative_scale: Positive = 2.0

    def values(self, targets, logits):
        return distribution_balanced(
            targets,
            logits,
            self.counts(logits),
            self.gamma,
            self.alpha,
            self.beta,
            self.mu,
            self.kappa,
            self.negative_scale,
        )
