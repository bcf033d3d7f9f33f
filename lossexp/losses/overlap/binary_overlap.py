"""Overlap of predicted and true positives on sigmoid outputs: Dice and Tversky for yes-or-no questions."""

from __future__ import annotations

from typing import Literal

import tensorflow as tf

from lossexp.base.checks import NonNegative, Positive
from lossexp.losses.base import validation
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.multiclass import register
from lossexp.losses.base.targets import binary_targets
from lossexp.losses.numerics.log_probabilities import binary_log_probabilities
from lossexp.losses.overlap.overlap import of_sums


def binary_tversky(
    y_true,
    logits,
    alpha: float = 0.5,
    beta: float = 0.5,
    smooth: float = 0.0,
    over: str = "batch",
    exponent: float = 1.0,
    counted=None,
) -> tf.Tensor:
    """As `overlap.tversky` with p = sigmoid(logits `[..., L]`), `[...]` float32; see `BinaryTversky`.

    y_true: labels 0 and 1, or between. counted: which labels the sums are over, `[..., L]` bool (None: all).
    """
    logits = tf.cast(logits, tf.float32)
    p, not_p = (tf.exp(x) for x in binary_log_probabilities(logits))
    return of_sums(binary_targets(y_true, logits), p, not_p, alpha, beta, smooth, over, exponent, counted)


@register
class BinaryTversky(BinaryLoss):
    """Tversky loss on sigmoid outputs: `(1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth))^exponent`.

    TP = sum t p, FP = sum (1 - t) p, FN = sum t (1 - p), p = sigmoid(z): only positives are rewarded. Salehi et
    al. 2017, "Tversky loss function for image segmentation using 3D fully convolutional deep networks"; as focal
    Tversky loss (`exponent`), Abraham and Khan 2019.

    Args:
        alpha, beta: >= 0 and not both 0: weights of false positives and of false negatives.
        smooth: >= 0. At 0, a set without positives has the value 1 and no gradient.
        over: what is summed over. `"batch"`: all labels of the batch. `"example"`: the L labels of an example, such
            as the pixels of an image; of a single label that is no overlap. `"class"`: the batch for each of the L
            questions, then the mean over those with positives. All but `"example"` make a batch's value depend on
            all its examples: sample weights scale that value and do not weight the sums.
        exponent: > 0.
        label_smoothing, ignore_class: see `BinaryLoss`; labels left out are in no sum.

    Raises:
        ValueError: a parameter out of range.
    """

    alpha: NonNegative = 0.5
    beta: NonNegative = 0.5
    smooth: NonNegative = 0.0
    over: Literal["batch", "example", "class"] = "batch"
    exponent: Positive = 1.0

    def __post_init__(self):
        super().__post_init__()
        validation.not_both_zero(self, "alpha", "beta")

    def batch_values(self, targets, logits, counted):
        return binary_tversky(
            targets, logits, self.alpha, self.beta, self.smooth, self.over, self.exponent, counted=counted
        )


@register
class BinaryDice(BinaryLoss):
    """Dice loss on sigmoid outputs: `1 - (2 TP + smooth) / (sum t + sum p + smooth)`, the soft form of 1 - F1.

    Milletari et al. 2016, "V-Net", with p in place of p^2; `BinaryTversky` at alpha = beta = 0.5.

    Args:
        smooth, over, label_smoothing, ignore_class: see `BinaryTversky`.

    Raises:
        ValueError: a parameter out of range.
    """

    smooth: NonNegative = 0.0
    over: Literal["batch", "example", "class"] = "batch"

    def batch_values(self, targets, logits, counted):
        return binary_tversky(targets, logits, smooth=self.smooth / 2.0, over=self.over, counted=counted)
