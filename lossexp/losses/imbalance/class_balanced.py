"""Class-balanced losses: weights from the effective number of examples (Cui et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import tensorflow as tf

from lossexp.base.checks import BelowOne, NonNegative
from lossexp.losses.base.class_weights import effective_number
from lossexp.losses.base.counts import CountsLoss, of_label
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.focal.binary_focal import binary_focal


class ClassBalanced(CountsLoss):
    """Weighs values by the effective number of the label before smoothing: `w_c = (1 - beta) / (1 - beta^n_c)`, sum K.

    Args:
        beta: in [0, 1); 0 leaves all weights 1, towards 1 the weights become proportional to 1 / n_c.
    """

    weighs_classes = True

    beta: BelowOne = 0.9999

    def example_weights(self, labels):
        return of_label(labels, effective_number(self.counts(labels), self.beta))


@register
class CBCrossEntropy(ClassBalanced, MulticlassLoss):
    """Class-balanced cross-entropy: `w_y (-log p_y)`, `w_c = (1 - beta) / (1 - beta^n_c)`, sum of w = K.

    Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples". w is that of the label before
    smoothing, and there is no other `class_weight`.
    """

    class_weight: ClassVar[None] = None

    def formula(self, t, log_p, log_q):
        return -tf.reduce_sum(t * log_p, axis=-1)


@register
class CBFocal(ClassBalanced, MulticlassLoss):
    """Class-balanced focal loss on softmax outputs: `w_y (1 - p_y)^gamma (-log p_y)`, w as `CBCrossEntropy`.

    Cui et al. 2019, section 4; focal loss: Lin et al. 2017.

    Args:
        gamma: >= 0; 0 is `CBCrossEntropy`.
    """

    class_weight: ClassVar[None] = None
    gamma: NonNegative = 2.0

    def formula(self, t, log_p, log_q):
        return -tf.reduce_sum(t * tf.exp(self.gamma * log_q) * log_p, axis=-1)


@register
class CBSigmoid(ClassBalanced, OneVsRest):
    """The paper's own class-balanced focal loss: `w_y sum_k focal(z_k, [y = k])` on K sigmoid outputs.

    Cui et al. 2019, section 4.3; the head's bias starts at -log(K - 1), that is p = 1 / K, as published.

    Args:
        gamma: >= 0; 0 is the class-balanced sum of K binary cross-entropies.
    """

    tasks = ("multiclass", "binary", "ordinal", "segmentation")  # of several labels, none gives the weight

    gamma: NonNegative = 2.0

    def initial_bias(self, class_counts: Sequence[int]) -> float | None:
        return -math.log(len(class_counts) - 1)

    def formula(self, t, log_p, log_q):
        return binary_focal(t, log_p, log_q, self.gamma)
