"""Hinge losses: no loss beyond a margin. Outputs are scores: no probabilities are fitted."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.binary_targets import signed_targets
from lossexp.losses.base.multiclass import MulticlassLoss, register


@register
class Hinge(BinaryLoss):
    """Hinge loss: mean over labels of `max(margin - y z, 0)`, y = +-1 (Cortes and Vapnik 1995).

    y = 2 t - 1 for labels t in [0, 1]; labels of -1 are accepted for 0, unless that is the `ignore_class`. Another
    label raises ValueError in eager mode and gives NaN inside a graph.

    Args:
        margin: > 0.
    """

    margin: Positive = 1.0
    label_smoothing: ClassVar[float] = 0.0

    def encoded(self, y_true, logits):
        return signed_targets(y_true, logits)

    def values(self, targets, logits):
        return tf.maximum(self.margin - (2.0 * targets - 1.0) * logits, 0.0)


@register
class SquaredHinge(Hinge):
    """Squared hinge loss: mean over labels of `max(margin - y z, 0)^2`, y = +-1; labels as `Hinge`."""

    def values(self, targets, logits):
        return tf.square(super().values(targets, logits))


@register
class CategoricalHinge(MulticlassLoss):
    """Keras's categorical hinge: `max(max_k (1 - y_k) z_k - sum_k y_k z_k + margin, 0)`.

    The true class enters the inner maximum with 0: where all others are negative, its own score still has to
    reach the margin.

    Args:
        margin: > 0.
    """

    margin: Positive = 1.0
    label_smoothing: ClassVar[float] = 0.0

    def values(self, targets, logits):
        of_label = tf.reduce_sum(targets * logits, axis=-1)
        return tf.maximum(self.best_other(targets, logits) - of_label + self.margin, 0.0)

    def best_other(self, targets: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
        """The score that the true class must beat, `[...]`, for targets and scores `[..., K]`."""
        return tf.reduce_max((1.0 - targets) * scores, axis=-1)


@register
class CrammerSinger(CategoricalHinge):
    """Multi-class hinge: `max(max_{k != y} z_k - z_y + margin, 0)`; for soft labels y is the largest, z_y the mean.

    Crammer and Singer 2001, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines".

    Args:
        margin: > 0.
    """

    def best_other(self, targets, scores):
        is_label = tf.one_hot(tf.argmax(targets, axis=-1), scores.shape[-1], on_value=True, off_value=False)
        return tf.reduce_max(tf.where(is_label, -float("inf"), scores), axis=-1)
