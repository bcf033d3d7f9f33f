"""Class-balanced losses: weights from the effective number of examples (Cui et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import tensorflow as tf

from lossexp.base.checks import BelowOne, NonNegative
from lossexp.losses.base.class_weights import effective_number
from lossexp.losses.base.counts import CountsLoss, checked, of_label
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.focal.focal import binary_focal, focal


def class_balanced(y_true, logits, class_counts, beta: float = 0.9999, gamma: float = 0.0) -> tf.Tensor:
    """`w_y` times softmax focal loss (cross-entropy at gamma 0), `[...]` float32, logits `[..., K]`.

    w_c = (1 - beta) / (1 - beta^n_c), scaled to sum to K.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    weights = effective_number(checked(class_counts, logits), beta)
    return of_label(targets, weights) * focal(targets, logits, gamma)


def class_balanced_sigmoid(y_true, logits, class_counts, beta: float = 0.9999, gamma: float = 2.0) -> tf.Tensor:
    """`w_y sum_k` sigmoid focal loss of output k against "is class k", `[...]` float32, logits `[..., K]`."""
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    weights = effective_number(checked(class_counts, logits), beta)
    return of_label(targets, weights) * tf.reduce_sum(binary_focal(targets, logits, gamma), axis=-1)


class ClassBalanced(CountsLoss):
    """A `CountsLoss` whose values are weighted by the effective number of the label before smoothing."""

    weighs_classes = True

    beta: BelowOne = 0.9999
    class_weight: ClassVar[None] = None

    def adapt(self, class_counts: Sequence[int]) -> None:
        super().adapt(class_counts)
        self._weights = effective_number(self.class_counts, self.beta)

    def example_weights(self, labels):
        self.counts(labels)  # asks for counts that are missing or of another number of classes
        return super().example_weights(labels)


@register
class CBCrossEntropy(ClassBalanced):
    """Class-balanced cross-entropy: `w_y (-log p_y)`, `w_c = (1 - beta) / (1 - beta^n_c)`, sum of w = K.

    Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples".

    Args:
        beta: in [0, 1); 0 is cross-entropy, towards 1 the weights become proportional to 1 / n_c.
        class_counts: training examples per class, or None until `adapt`.
        label_smoothing, ignore_class: see `MulticlassLoss`; w is that of the label before smoothing, and there
            is no other `class_weight`.

    Raises:
        ValueError: a parameter out of range; a class without examples; no counts when a value is asked for.
    """

    def values(self, targets, logits):
        return focal(targets, logits, 0.0)


@register
class CBFocal(ClassBalanced):
    """Class-balanced focal loss on softmax outputs: `w_y (1 - p_y)^gamma (-log p_y)`, w as `CBCrossEntropy`.

    Cui et al. 2019, section 4; focal loss: Lin et al. 2017.

    Args:
        gamma: >= 0; 0 is `CBCrossEntropy`.
        beta, class_counts, label_smoothing, ignore_class: see `CBCrossEntropy`.

    Raises:
        ValueError: as `CBCrossEntropy`.
    """

    gamma: NonNegative = 2.0

    def values(self, targets, logits):
        return focal(targets, logits, self.gamma)


@register
class CBSigmoid(OneVsRest, ClassBalanced):
    """The paper's own class-balanced focal loss: `w_y sum_k focal(z_k, [y = k])` on K sigmoid outputs.

    Cui et al. 2019, section 4.3; the head's bias starts at -log(K - 1), that is p = 1 / K, as published.

    Args:
        gamma: >= 0; 0 is the class-balanced sum of K binary cross-entropies.
        beta, class_counts: see `CBCrossEntropy`.
        ignore_class: see `MulticlassLoss`; for rows of labels, `OneVsRest`.

    Raises:
        ValueError: as `CBCrossEntropy`.
    """

    gamma: NonNegative = 2.0

    def initial_bias(self, class_counts) -> float | None:
        return -math.log(len(class_counts) - 1)

    def values(self, targets, logits):
        return tf.reduce_sum(binary_focal(targets, logits, self.gamma), axis=-1)
