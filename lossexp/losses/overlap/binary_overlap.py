"""Overlap of predicted and true positives on sigmoid outputs: Dice and Tversky for yes-or-no questions."""

from __future__ import annotations

from typing import ClassVar, Literal

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.loss import register
from lossexp.losses.overlap.overlap import OverlapLoss


@register
class BinaryTversky(OverlapLoss, BinaryLoss):
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
    """

    over: Literal["batch", "example", "class"] = "batch"
    exponent: Positive = 1.0

    def batch_values(self, targets, logits, counted):
        return self.of_sums(targets, tf.sigmoid(logits), tf.sigmoid(-logits), counted)


@register
class BinaryDice(BinaryTversky):
    """Dice loss on sigmoid outputs: `1 - (2 TP + smooth) / (sum t + sum p + smooth)`, the soft form of 1 - F1.

    Milletari et al. 2016, "V-Net", with p in place of p^2; `BinaryTversky` at alpha = beta = 0.5.

    Args:
        smooth, over: see `BinaryTversky`.
    """

    hits: ClassVar[float] = 2.0
    alpha: ClassVar[float] = 1.0
    beta: ClassVar[float] = 1.0
    exponent: ClassVar[float] = 1.0
