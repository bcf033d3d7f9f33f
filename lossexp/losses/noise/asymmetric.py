"""Asymmetric losses: the mean over several labels is least where the loss of the most frequent one is.

So noise that leaves the true class the most frequent label does not move the minimum, although the losses are not
symmetric. Zhou et al. 2021, "Asymmetric Loss Functions for Learning with Noisy Labels"; formulas and settings as in the
authors' code, but soft labels mix losses here, and probabilities there.
"""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, NonNegative, Positive
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.log_probabilities import log_mixture, next_to_one


@register
class AGCE(MulticlassLoss):
    """Asymmetric generalized cross-entropy on softmax logits: `sum_k t_k ((a + 1)^q - (a + p_k)^q) / q`.

    At a = 0 it is `GCE`, at q = 1 it is `1 - p_y`. Asymmetric for q >= 1, and for smaller q where a is large enough.
    Zhou et al. 2021, "Asymmetric Loss Functions for Learning with Noisy Labels".

    Args:
        a: >= 0. Published: a 0.6, q 0.6 (CIFAR); a 4, q 0.2 (MNIST).
        q: > 0.
    """

    a: NonNegative = 0.6
    q: Positive = 0.6

    def formula(self, t, log_p, log_q):
        # As (a + 1)^q (1 - x^q) with x = (a + p) / (a + 1).
        log_x = log_mixture(self.a / (self.a + 1.0), tf.zeros_like(log_p), log_p)
        log_x = next_to_one(log_x, tf.exp(log_q) / (self.a + 1.0))
        return -((self.a + 1.0) ** self.q) / self.q * tf.reduce_sum(t * tf.math.expm1(self.q * log_x), axis=-1)


@register
class AUL(MulticlassLoss):
    """Asymmetric unhinged loss on softmax logits: `sum_k t_k ((a - p_k)^q - (a - 1)^q) / q`.

    At q = 1 it is `1 - p_y`. Asymmetric for q <= 1, and for larger q where a is large enough. Zhou et al. 2021,
    "Asymmetric Loss Functions for Learning with Noisy Labels".

    Args:
        a: > 1. Published: a 5.5, q 3 (CIFAR); a 3, q 0.1 (MNIST).
        q: > 0.
    """

    a: Annotated[float, Interval("(1, inf)")] = 5.5
    q: Positive = 3.0

    def formula(self, t, log_p, log_q):
        # As (a - p)^q (1 - x^q) with x = (a - 1) / (a - p), and a - p = a - 1 + (1 - p).
        least, wrong = self.a - 1.0, tf.exp(log_q)
        power = tf.exp(self.q * tf.math.log(least + wrong))
        return -tf.reduce_sum(t * power * tf.math.expm1(-self.q * tf.math.log1p(wrong / least)), axis=-1) / self.q


@register
class AEL(MulticlassLoss):
    """Asymmetric exponential loss on softmax logits: `sum_k t_k exp(-p_k / a)`, from 1 down to exp(-1 / a).

    Zhou et al. 2021, "Asymmetric Loss Functions for Learning with Noisy Labels".

    Args:
        a: > 0; larger is closer to a multiple of `1 - p_y`, more robust and slower. Published: 2.5 (CIFAR), 3.5
            (MNIST).
    """

    a: Positive = 2.5

    def formula(self, t, log_p, log_q):
        return tf.reduce_sum(t * tf.exp(-tf.exp(log_p) / self.a), axis=-1)
