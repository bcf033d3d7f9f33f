"""Normalised losses: a loss divided by its sum over all possible labels, robust to uniform label noise."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import NonNegative
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.masked import is_idle


def normalized_focal(t, log_p, log_q, gamma: float = 0.0, detach: bool = False) -> tf.Tensor:
    """`sum_k t_k FL_k / sum_k FL_k`, `FL_k = -q_k^gamma log p_k`, `[...]`; at gamma 0 that of cross-entropy."""
    losses = -log_p
    if gamma:
        factor = tf.exp(gamma * log_q)
        losses *= tf.stop_gradient(factor) if detach else factor
    losses = tf.where(is_idle(t, log_p), 0.0, losses)  # masked classes are in neither sum
    total = tf.reduce_sum(losses, axis=-1)
    only = tf.equal(total, 0.0)  # one class is left: the ratios of one class sum to 1 too
    return tf.where(only, 1.0, tf.reduce_sum(t * losses, axis=-1) / tf.where(only, 1.0, total))


@register
class NCE(MulticlassLoss):
    """Normalised cross-entropy on softmax logits: `sum_k t_k log p_k / sum_k log p_k`, in [0, 1].

    Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels". The values of
    all K possible labels sum to 1.
    """

    def formula(self, t, log_p, log_q):
        return normalized_focal(t, log_p, log_q)


@register
class NFL(MulticlassLoss):
    """Normalised focal loss on softmax logits: `sum_k t_k FL_k / sum_k FL_k`, `FL = -(1 - p)^gamma log p`.

    Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels".

    Args:
        gamma: >= 0; 0 is normalised cross-entropy.
        detach: no gradient through the factor (1 - p)^gamma, as in the authors' code (not in their formula).
    """

    gamma: NonNegative = 0.5
    detach: bool = False

    def formula(self, t, log_p, log_q):
        return normalized_focal(t, log_p, log_q, self.gamma, self.detach)
