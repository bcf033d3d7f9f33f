"""Seesaw loss: rarer classes are pushed down less by frequent ones (Wang et al. 2021)."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import NonNegative, Share
from lossexp.losses.base.counts import CountsLoss
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.targets import multiclass_targets, smooth
from lossexp.losses.numerics.log_probabilities import centered, log_probabilities
from lossexp.losses.numerics.running import add_when_trained


def seesaw(
    y_true,
    logits,
    class_counts,
    p: float = 0.8,
    q: float = 2.0,
    eps: float = 0.01,
    label_smoothing: float = 0.0,
) -> tf.Tensor:
    """Cross-entropy with `p min(log(n_k / n_y), 0) + q max(log(p_k / max(p_y, eps)), 0)` added to every z_k.

    `[...]` float32, logits z `[..., K]`. class_counts: n `[K]`, at least 1 each, a tensor or a sequence. The
    true class gets nothing added, and the added terms have no gradient. Hard labels; what is added belongs to
    them, and the cross-entropy of the changed logits is taken with the smoothed label.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_counts = tf.math.log(tf.cast(class_counts, tf.float32))
    mitigation = p * tf.minimum(log_counts - tf.reduce_sum(targets * log_counts, -1, keepdims=True), 0.0)
    compensation = q * _excess(tf.stop_gradient(logits), targets, eps)
    log_p, _ = log_probabilities(centered(logits) + (1.0 - targets) * (mitigation + compensation))
    return -tf.reduce_sum(smooth(targets, label_smoothing, logits) * log_p, axis=-1)


def _excess(logits: tf.Tensor, targets: tf.Tensor, eps: float) -> tf.Tensor:
    """`max(log p_k - log max(p_y, eps), 0)`: `z_k - z_y`, but not above `log(p_k / eps)`."""
    log_p, _ = log_probabilities(logits)
    of_label = tf.reduce_sum(targets * logits, axis=-1, keepdims=True)
    return tf.maximum(tf.minimum(logits - of_label, log_p - tf.math.log(eps)), 0.0)


@register
class Seesaw(CountsLoss):
    """Seesaw loss: cross-entropy with weaker (mitigation) or stronger (compensation) negatives; see `seesaw`.

    Wang et al. 2021, "Seesaw Loss for Long-Tailed Instance Segmentation", equations 3 to 6, without the
    detector's separate objectness. Predict from the raw z.

    Args:
        p: >= 0, power of the mitigation by class counts.
        q: >= 0, power of the compensation of wrong predictions.
        eps: in (0, 1], lower bound of p_y in the compensation.
        running: False: n are the training split's counts. True: n are the labels seen so far while training,
            from none, the current batch included and at least 1 each, as published. Only labels whose loss
            is differentiated count, so evaluation changes nothing; a checkpoint must keep `variables`.
        class_counts: training examples per class, or None until `adapt`.
        label_smoothing: in [0, 1); applies to the target of the cross-entropy and not to the label that
            mitigation and compensation look at.
        class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range; a class without examples, unless `running`; no counts when a
            value is asked for.
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
        return labels  # what is added belongs to the label as it was; `seesaw` smooths the rest

    def batch_values(self, targets, logits, counted):
        counts = self.counts(logits)
        if not self.running:
            return self._values(targets, logits, counts)
        labels = targets if counted is None else tf.where(counted[..., tf.newaxis], targets, 0.0)
        labels = tf.reduce_sum(labels, axis=list(range(targets.shape.rank - 1)))
        values = self._values(targets, logits, tf.maximum(self._seen + labels, 1.0))
        return add_when_trained(values, [self._seen], [labels])

    def _values(self, targets, logits, counts) -> tf.Tensor:
        return seesaw(targets, logits, counts, self.p, self.q, self.eps, self.label_smoothing)
