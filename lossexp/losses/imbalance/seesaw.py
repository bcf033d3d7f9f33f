"""Seesaw loss: rarer classes are pushed down less by frequent ones (Wang et al. 2021)."""

from __future__ import annotations

import math

import tensorflow as tf

from lossexp.base.checks import NonNegative, Share
from lossexp.losses.base.counts import CountsLoss
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import smooth
from lossexp.losses.numerics.log_probabilities import centered, log_softmax
from lossexp.losses.numerics.running import add_when_trained


@register
class Seesaw(CountsLoss, MulticlassLoss):
    """Seesaw loss: cross-entropy with weaker (mitigation) or stronger (compensation) negatives.

    `p min(log(n_k / n_y), 0) + q max(log(p_k / max(p_y, eps)), 0)` is added to every z_k but z_y, without
    gradient. Wang et al. 2021, "Seesaw Loss for Long-Tailed Instance Segmentation", equations 3 to 6, without the
    detector's separate objectness. Hard labels. Predict from the raw z.

    Args:
        p: >= 0, power of the mitigation by class counts.
        q: >= 0, power of the compensation of wrong predictions.
        eps: in (0, 1], lower bound of p_y in the compensation.
        running: False: n are the training split's counts. True: n are the labels seen so far while training,
            from none, the current batch included and at least 1 each, as published. Only labels whose loss
            is differentiated count, so evaluation changes nothing; a checkpoint must keep `variables`.
        label_smoothing: in [0, 1); applies to the target of the cross-entropy and not to the label that
            mitigation and compensation look at.
    """

    p: NonNegative = 0.8
    q: NonNegative = 2.0
    eps: Share = 0.01
    running: bool = False

    @property
    def zero_counts(self) -> bool:
        return self.running

    def adapt(self, class_counts) -> None:
        super().adapt(class_counts)
        if self.running:
            self._seen = tf.Variable(tf.zeros(len(class_counts)), trainable=False, name="seen")

    def smoothed(self, labels, logits):
        return labels  # what is added belongs to the label as it was; `_values` smooths the rest

    def batch_values(self, targets, logits, counted):
        counts = self.counts(logits)
        if not self.running:
            return self._values(targets, logits, counts)
        labels = targets if counted is None else tf.where(counted[..., tf.newaxis], targets, 0.0)
        labels = tf.reduce_sum(labels, axis=list(range(targets.shape.rank - 1)))
        values = self._values(targets, logits, tf.maximum(self._seen + labels, 1.0))
        return add_when_trained(values, [self._seen], [labels])

    def _values(self, targets, logits, counts) -> tf.Tensor:
        log_counts = tf.math.log(tf.cast(counts, tf.float32))
        mitigation = tf.minimum(log_counts - _of_label(targets, log_counts), 0.0)
        # log p_k - log max(p_y, eps) is z_k - z_y, but not above log(p_k / eps).
        excess = tf.minimum(logits - _of_label(targets, logits), tf.nn.log_softmax(logits) - math.log(self.eps))
        added = (1.0 - targets) * (self.p * mitigation + self.q * tf.maximum(excess, 0.0))
        log_p = log_softmax(centered(logits) + tf.stop_gradient(added))
        return -tf.reduce_sum(smooth(targets, self.label_smoothing, logits) * log_p, axis=-1)


def _of_label(targets: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(targets * x, axis=-1, keepdims=True)
