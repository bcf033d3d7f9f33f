"""Equalization loss: K sigmoid outputs, the rare ones shielded from being negatives (Tan et al. 2020)."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Fraction
from lossexp.losses.base.counts import CountsLoss, checked, constant
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.cross_entropy.cross_entropy import binary_cross_entropy


def equalization(targets, logits, class_counts, threshold: float = 0.00176) -> tf.Tensor:
    """`sum_k (1 - [n_k / N < threshold] (1 - t_k)) BCE(z_k, t_k)`, `[...]` float32, logits z `[..., K]`.

    A rare class is a positive where it is the label, and never a negative.
    """
    counts = checked(class_counts, tf.convert_to_tensor(logits))
    shielded = constant(counts / counts.sum() < threshold)
    weights = 1.0 - shielded * (1.0 - targets)
    return tf.reduce_sum(weights * binary_cross_entropy(targets, logits), axis=-1)


@register
class EQL(OneVsRest, CountsLoss):
    """Equalization loss: the sum of K binary cross-entropies, without the negatives of rare classes.

    Tan et al. 2020, "Equalization Loss for Long-Tailed Object Recognition", equations 2 and 3, where every
    example is foreground.

    Args:
        threshold: in [0, 1], the share of the training examples below which a class is rare; 0 is the sum of
            binary cross-entropies. The default is the paper's for 1230 classes.
        class_counts: training examples per class, or None until `adapt`.
        ignore_class: see `MulticlassLoss`; for rows of labels, `OneVsRest`.

    Raises:
        ValueError: a parameter out of range; no counts when a value is asked for.
    """

    zero_counts = True

    threshold: Fraction = 0.00176

    def values(self, targets, logits):
        return equalization(targets, logits, self.counts(logits), self.threshold)
