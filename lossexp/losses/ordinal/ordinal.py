"""Losses for ordered classes through the K-1 questions "is the label above k?"."""

from __future__ import annotations

from typing import Annotated, ClassVar

import tensorflow as tf

from lossexp.base.checks import Length, NonNegative, NotAllZero
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities


class OrdinalLoss(MulticlassLoss):
    """A loss of K-1 logits `[batch, K-1]` for ordered classes 0 to K-1.

    Labels may be class numbers `[batch]` or `[batch, 1]`, or one-hot or soft labels `[batch, K]`; `call`
    returns one float32 value per example, the sum over the K-1 questions.
    """

    tasks = ("multiclass", "binary", "ordinal")
    link = "ordinal"
    label_smoothing: ClassVar[float] = 0.0

    def encoded(self, y_true, logits):
        one_more = tf.concat([logits, logits[..., :1]], axis=-1)  # as many columns as there are classes
        return multiclass_targets(y_true, one_more, self.ignore_class)

    def values(self, targets, logits):
        """`formula` for t `[..., K-1]`, whether the label is above k, and the log-probabilities of yes and no."""
        above = tf.cumsum(targets, axis=-1, exclusive=True, reverse=True)[..., :-1]
        return self.formula(above, *binary_log_probabilities(logits))


@register
class CORAL(OrdinalLoss):
    """Consistent rank logits: `sum_k w_k BCE(z_k, [y > k])`, summed over the K-1 thresholds.

    Made for a head with one shared score and K-1 ordered biases, `z_k = f(x) + b_k`; class k has probability
    `sigmoid(z_{k-1}) - sigmoid(z_k)`. Cao et al. 2020, "Rank consistent ordinal regression for neural
    networks with application to age estimation".

    Args:
        importance: weights of the K-1 thresholds, each >= 0; None is 1 each.

    Raises:
        ValueError: the number of weights is not K-1 (at the first call).
    """

    head = "ordinal"

    importance: Annotated[list[NonNegative], Length(1, "threshold"), NotAllZero()] | None = None

    def formula(self, t, log_p, log_q):
        values = -(t * log_p + (1.0 - t) * log_q)
        if self.importance is None:
            return tf.reduce_sum(values, axis=-1)
        if len(self.importance) != t.shape[-1]:
            raise ValueError(f"CORAL: importance has {len(self.importance)} entries for {t.shape[-1]} thresholds.")
        return tf.reduce_sum(values * self.importance, axis=-1)


@register
class CORN(OrdinalLoss):
    """Conditional ordinal regression: `sum_{k <= y} BCE(z_k, [y > k])`, summed over the questions asked.

    Logit k answers "is the label above k, given that it is at least k?", so `P(y > k)` is the product of the
    first sigmoids (link `conditional`) and falls with k whatever the head. Shi et al. 2021, "Deep Neural
    Networks for Rank-Consistent Ordinal Regression Based on Conditional Probabilities". Their code divides
    the batch's sum by the number of questions asked, here it is the mean over examples.
    """

    link = "conditional"

    def formula(self, t, log_p, log_q):
        asked = tf.concat([tf.ones_like(t[..., :1]), t[..., :-1]], axis=-1)  # the label is at least k
        return -tf.reduce_sum(t * log_p + (asked - t) * log_q, axis=-1)
