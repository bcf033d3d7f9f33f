"""Losses that compare positive with negative outputs, for any number of labels per example."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.loss import register
from lossexp.losses.base.one_vs_rest import OneVsRest

# Stands for minus infinity where a logit does not take part: no exponential of it, no NaN from it.
ABSENT = -1e30


@register
class ZLPR(OneVsRest):
    """Zero-bounded log-sum-exp and pairwise rank loss: `log(1 + sum_neg e^z) + log(1 + sum_pos e^-z)`.

    Su et al. 2022, "ZLPR: A Novel Loss for Multi-label Classification". A label is predicted
    where z > 0. Hard labels.
    """

    def values(self, targets, logits):
        negatives = tf.reduce_logsumexp(logits + ABSENT * targets, axis=-1)
        positives = tf.reduce_logsumexp(-logits + ABSENT * (1.0 - targets), axis=-1)
        return tf.nn.softplus(negatives) + tf.nn.softplus(positives)


@register
class TwoWay(OneVsRest):
    """Two-way multi-label loss: positives against negatives, along the labels and along the batch.

    Along an axis it is `softplus(t_neg log sum_neg e^(z / t_neg) + t_pos log sum_pos e^(-z / t_pos))`. The value
    of an example is that along its labels, if it has any, plus the mean of that along the batch over the labels that
    occur in it: one number for the batch, added to every example. The mean over a batch whose examples all have
    labels is the published loss: Kobayashi 2023, "Two-way Multi-Label Loss". Hard labels.

    Args:
        t_pos, t_neg: > 0, temperatures of positives and negatives.
    """

    tasks = ("multiclass", "binary", "ordinal", "multilabel")  # pixels at one place are no batch of their own

    t_pos: Positive = 4.0
    t_neg: Positive = 1.0

    def values(self, targets, logits):
        by_example, has_label = self._contrast(logits, targets, axis=-1)
        by_label, occurs = self._contrast(logits, targets, axis=0)
        return by_example * has_label + tf.math.divide_no_nan(tf.reduce_sum(by_label * occurs), tf.reduce_sum(occurs))

    def _contrast(self, logits, targets, axis: int) -> tuple[tf.Tensor, tf.Tensor]:
        """The softplus along an axis, and whether there is a positive (1.0) or not (0.0)."""
        # Counted from the largest negative, so that the two sums do not cancel.
        reference = tf.reduce_max(logits + ABSENT * targets, axis=axis, keepdims=True)
        logits -= tf.stop_gradient(tf.where(reference > ABSENT / 2.0, reference, 0.0))
        negatives = self.t_neg * tf.reduce_logsumexp(logits / self.t_neg + ABSENT * targets, axis=axis)
        positives = self.t_pos * tf.reduce_logsumexp(-logits / self.t_pos + ABSENT * (1.0 - targets), axis=axis)
        return tf.nn.softplus(negatives + positives), tf.cast(tf.reduce_any(targets > 0.0, axis), tf.float32)
