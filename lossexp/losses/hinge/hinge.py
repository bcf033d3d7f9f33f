"""Hinge losses: no loss beyond a margin. Outputs are scores: no probabilities are fitted."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets, signed_targets


def hinge(y_true, scores, margin: float = 1.0) -> tf.Tensor:
    """`max(margin - y z, 0)` for each label, float32 in the shape of scores z `[batch, L]`.

    y = 2 t - 1 for labels t in [0, 1]; labels of -1 are accepted for 0. Another label raises ValueError in
    eager mode and gives NaN inside a graph.
    """
    scores = tf.cast(scores, tf.float32)
    signs = 2.0 * signed_targets(y_true, scores) - 1.0
    return tf.maximum(margin - signs * scores, 0.0)


def categorical_hinge(y_true, scores, margin: float = 1.0) -> tf.Tensor:
    """`max(max_k (1 - y_k) z_k - sum_k y_k z_k + margin, 0)`, `[...]` float32, scores z `[..., K]`.

    As in Keras, the true class enters the inner maximum with 0: where all others are negative, its own score
    still has to reach the margin.
    """
    scores = tf.cast(scores, tf.float32)
    targets, _ = multiclass_targets(y_true, scores)
    other = tf.reduce_max((1.0 - targets) * scores, axis=-1)
    return tf.maximum(other - tf.reduce_sum(targets * scores, axis=-1) + margin, 0.0)


def crammer_singer(y_true, scores, margin: float = 1.0) -> tf.Tensor:
    """`max(max_{k != y} z_k - z_y + margin, 0)`, `[...]` float32, scores z `[..., K]`.

    For soft labels, y is the largest and z_y the mean score.
    """
    scores = tf.cast(scores, tf.float32)
    targets, _ = multiclass_targets(y_true, scores)
    is_label = tf.one_hot(tf.argmax(targets, axis=-1), scores.shape[-1], on_value=True, off_value=False)
    other = tf.reduce_max(tf.where(is_label, -float("inf"), scores), axis=-1)
    return tf.maximum(other - tf.reduce_sum(targets * scores, axis=-1) + margin, 0.0)


@register
class Hinge(BinaryLoss):
    """Hinge loss: mean over labels of `max(margin - y z, 0)`, y = +-1 (Cortes and Vapnik 1995).

    Args:
        margin: > 0.
        ignore_class: see `BinaryLoss`. Where it is -1, negatives are 0.

    Raises:
        ValueError: a parameter out of range; in eager mode, a label that is neither -1 nor in [0, 1].
    """

    margin: Positive = 1.0
    label_smoothing: ClassVar[float] = 0.0

    def encoded(self, y_true, logits):
        return signed_targets(y_true, logits)

    def values(self, targets, logits):
        return hinge(targets, logits, self.margin)


@register
class SquaredHinge(Hinge):
    """Squared hinge loss: mean over labels of `max(margin - y z, 0)^2`, y = +-1; parameters as `Hinge`."""

    def values(self, targets, logits):
        return tf.square(hinge(targets, logits, self.margin))


@register
class CategoricalHinge(MulticlassLoss):
    """Keras's categorical hinge: `max(max_k (1 - y_k) z_k - z_y + margin, 0)`; see `categorical_hinge`.

    Args:
        margin: > 0.
        class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    formula = staticmethod(categorical_hinge)

    margin: Positive = 1.0
    label_smoothing: ClassVar[float] = 0.0

    def values(self, targets, logits):
        return self.formula(targets, logits, self.margin)


@register
class CrammerSinger(CategoricalHinge):
    """Multi-class hinge: `max(max_{k != y} z_k - z_y + margin, 0)`; parameters as `CategoricalHinge`.

    Crammer and Singer 2001, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines".
    """

    formula = staticmethod(crammer_singer)
