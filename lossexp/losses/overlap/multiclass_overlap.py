"""Overlap of predicted and true classes on softmax outputs: Dice, Tversky and focal Tversky."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import sums_to_one
from lossexp.losses.numerics.log_probabilities import log_probabilities
from lossexp.losses.overlap.overlap import OverlapLoss


@register
class Tversky(OverlapLoss, MulticlassLoss):
    """Tversky loss: `1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth)`; Dice at alpha = beta = 0.5.

    TP = sum t p, FP = sum (1 - t) p, FN = sum t (1 - p), p = softmax(z). Salehi et al. 2017, "Tversky loss function
    for image segmentation using 3D fully convolutional deep networks".

    Args:
        alpha, beta: >= 0 and not both 0: weights of false positives and of false negatives.
        smooth: >= 0.
        over: what is summed over. `"example"`: its K outputs; several classes at once are taken as they are. Of an
            example with many positions, `[batch, H, W, K]`, its positions for each class, then the mean over the
            classes present in it. `"class"`: the batch for each class, then the mean over the classes present in
            it. `"batch"`: everything. The last two make a batch's value depend on all its examples: sample weights
            scale that value and do not weight the sums. `"auto"`: by example where that has one position, else by
            class, as is usual for segmentation, where single pictures lack most classes.
    """

    over: Literal["auto", "example", "class", "batch"] = "auto"
    label_smoothing: ClassVar[float] = 0.0
    class_weight: ClassVar[None] = None

    def batch_values(self, targets, logits, counted):
        log_p, log_q = log_probabilities(logits)
        counted = None if counted is None else counted[..., tf.newaxis]
        return self.of_sums(targets, tf.exp(log_p), tf.exp(log_q), counted)


@register
class FocalTversky(Tversky):
    """Focal Tversky loss: the Tversky loss to a power, by class where it is a mean over classes.

    Abraham and Khan 2019, "A Novel Focal Tversky Loss Function with Improved Attention U-Net for Lesion
    Segmentation"; its 1 / gamma is `exponent`.

    Args:
        exponent: > 0; 1 is `Tversky`.
    """

    exponent: Positive = 0.75
    alpha = 0.3
    beta = 0.7

    def batch_values(self, targets, logits, counted):
        values = super().batch_values(targets, logits, counted)
        if self.exponent == 1.0 or self.summed(targets) != "outputs":
            return values
        of_one = sums_to_one(targets)
        labels = tf.where(of_one, targets, 1.0 / targets.shape[-1])  # so that no gradient is NaN where not chosen
        return tf.where(of_one[..., 0], self._of_label(labels, logits), values)

    def _of_label(self, t, logits) -> tf.Tensor:
        """With TP + FN = 1 and FP = FN = 1 - TP, a function of the log-odds of TP.

        The power of a value that is no float32 may be one.
        """
        log_p, log_q = log_probabilities(logits)
        weight = self.alpha + self.beta
        log_odds = tf.reduce_logsumexp(tf.math.log(t) + log_p, -1) - tf.reduce_logsumexp(tf.math.log(t) + log_q, -1)
        offset = math.log((1.0 + self.smooth) / (weight + self.smooth))
        log_value = math.log(weight / (weight + self.smooth)) - tf.nn.softplus(log_odds + offset)
        return tf.exp(self.exponent * log_value)


@register
class Dice(Tversky):
    """Dice loss on softmax outputs: `1 - (2 TP + smooth) / (sum t + sum p + smooth)`.

    Milletari et al. 2016, "V-Net", with p in place of p^2. For one label per example `over="example"` is
    1 - p_y, half the mean absolute error; `over="class"` is the soft form of 1 - macro F1, where every class
    weighs the same: there is no `class_weight`. For segmentation both are 1 - the mean soft Dice of the classes, in
    each picture or in the batch.

    Args:
        smooth: >= 0.
        over: see `Tversky`.
    """

    hits: ClassVar[float] = 2.0
    alpha: ClassVar[float] = 1.0
    beta: ClassVar[float] = 1.0
