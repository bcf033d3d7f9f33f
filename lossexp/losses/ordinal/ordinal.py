"""Losses for ordered classes through the K-1 questions "is the label above k?"."""

from __future__ import annotations

from typing import Annotated, ClassVar

import tensorflow as tf

from lossexp.base.checks import Length, NonNegative, NotAllZero
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities


def coral(y_true, logits, importance: list[float] | None = None) -> tf.Tensor:
    """`sum_k w_k BCE(z_k, [y > k])`, `[...]` float32, logits z `[..., K-1]`; see `CORAL`."""
    above, log_p, log_not_p = _questions(y_true, logits)
    values = -(above * log_p + (1.0 - above) * log_not_p)
    return tf.reduce_sum(values if importance is None else values * importance, axis=-1)


def corn(y_true, logits) -> tf.Tensor:
    """`sum_{k <= y} BCE(z_k, [y > k])`, `[...]` float32, logits z `[..., K-1]`; see `CORN`."""
    above, log_p, log_not_p = _questions(y_true, logits)
    asked = tf.concat([tf.ones_like(above[..., :1]), above[..., :-1]], axis=-1)  # the label is at least k
    return -tf.reduce_sum(above * log_p + (asked - above) * log_not_p, axis=-1)


class OrdinalLoss(MulticlassLoss):
    """A loss of K-1 logits `[batch, K-1]` for ordered classes 0 to K-1.

    Labels may be class numbers `[batch]` or `[batch, 1]`, or one-hot or soft labels `[batch, K]`; `call`
    returns one float32 value per example, the sum over the K-1 questions.
    """

    link = "ordinal"
    label_smoothing: ClassVar[float] = 0.0

    def encoded(self, y_true, logits):
        return multiclass_targets(y_true, _one_more(logits), self.ignore_class)


@register
class CORAL(OrdinalLoss):
    """Consistent rank logits: `sum_k w_k BCE(z_k, [y > k])`, summed over the K-1 thresholds.

    Made for a head with one shared score and K-1 ordered biases, `z_k = f(x) + b_k`; class k has probability
    `sigmoid(z_{k-1}) - sigmoid(z_k)`. Cao et al. 2020, "Rank consistent ordinal regression for neural
    networks with application to age estimation".

    Args:
        importance: weights of the K-1 thresholds, each >= 0; None is 1 each.
        class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a weight out of range; their number is not K-1 (at the first call).
    """

    head = "ordinal"

    importance: Annotated[list[NonNegative], Length(1, "threshold"), NotAllZero()] | None = None

    def values(self, targets, logits):
        if self.importance is not None and len(self.importance) != logits.shape[-1]:
            raise ValueError(f"CORAL: importance has {len(self.importance)} entries for {logits.shape[-1]} thresholds.")
        return coral(targets, logits, self.importance)


@register
class CORN(OrdinalLoss):
    """Conditional ordinal regression: `sum_{k <= y} BCE(z_k, [y > k])`, summed over the questions asked.

    Logit k answers "is the label above k, given that it is at least k?", so `P(y > k)` is the product of the
    first sigmoids (link `conditional`) and falls with k whatever the head. Shi et al. 2021, "Deep Neural
    Networks for Rank-Consistent Ordinal Regression Based on Conditional Probabilities". Their code divides
    the batch's sum by the number of questions asked, here it is the mean over examples.

    Args:
        class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    link = "conditional"

    def values(self, targets, logits):
        return corn(targets, logits)


def _questions(y_true, logits) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """`[y > k]`, log sigmoid(z_k) and log(1 - sigmoid(z_k)), all `[..., K-1]` float32."""
    logits = tf.cast(logits, tf.float32)
    labels, _ = multiclass_targets(y_true, _one_more(logits))
    above = tf.cumsum(labels, axis=-1, exclusive=True, reverse=True)[..., :-1]
    return above, *binary_log_probabilities(logits)


def _one_more(logits: tf.Tensor) -> tf.Tensor:
    """`[..., K]` for logits `[..., K-1]`: as many columns as there are classes."""
    return tf.concat([logits, logits[..., :1]], axis=-1)
