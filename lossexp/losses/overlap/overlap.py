"""Overlap of predicted and true classes: Dice, Tversky and focal Tversky."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import tensorflow as tf

from lossexp.base.checks import NonNegative, Positive
from lossexp.losses.base import validation
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.base.targets import multiclass_targets, sums_to_one
from lossexp.losses.numerics.log_probabilities import log_probabilities


def tversky(
    y_true,
    logits,
    alpha: float = 0.5,
    beta: float = 0.5,
    smooth: float = 0.0,
    over: str = "example",
    exponent: float = 1.0,
    counted=None,
) -> tf.Tensor:
    """`(1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth))^exponent`, `[...]` float32.

    With targets t and p = softmax(logits `[..., K]`): TP = sum t p, FP = sum (1 - t) p, FN = sum t (1 - p).
    The sums run over the K outputs of an example (`over="example"`; labels that do not sum to 1, such as
    several classes at once, are taken as they are); over the batch for each class, followed
    by the mean over the classes present in the batch (`"class"`); or over everything (`"batch"`). The last
    two have one value, which is returned for every example. counted: which examples the sums are over,
    `[...]` bool (None: all).
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p, log_not_p = log_probabilities(logits)
    p, not_p = tf.exp(log_p), tf.exp(log_not_p)
    if over == "example":
        of_one = sums_to_one(targets)
        shares = tf.where(of_one, targets, 1.0 / targets.shape[-1])  # so that no gradient is NaN where not chosen
        stable = _of_example(shares, log_p, log_not_p, alpha + beta, smooth, exponent)
        return tf.where(of_one[..., 0], stable, of_sums(targets, p, not_p, alpha, beta, smooth, over, exponent))
    counted = None if counted is None else counted[..., tf.newaxis]
    return of_sums(targets, p, not_p, alpha, beta, smooth, over, exponent, counted)


def dice(y_true, logits, smooth: float = 0.0, over: str = "example", counted=None) -> tf.Tensor:
    """`1 - (2 TP + smooth) / (sum t + sum p + smooth)`, `[...]` float32; arguments as `tversky`."""
    return tversky(y_true, logits, smooth=smooth / 2.0, over=over, counted=counted)


def of_sums(
    targets, p, not_p, alpha: float, beta: float, smooth: float, over: str, exponent: float, counted=None
) -> tf.Tensor:
    """The loss `[...]` from targets, p and 1 - p, `[..., L]` float32; see `tversky`.

    counted: what is in the sums, `[..., L]` or `[..., 1]` bool (None: all).
    """
    if counted is not None:
        targets, p, not_p = (tf.where(counted, x, 0.0) for x in (targets, p, not_p))
    axes = [-1] if over == "example" else list(range(targets.shape.rank - (over == "class")))
    hit = tf.reduce_sum(targets * p, axes)
    missed = tf.reduce_sum(alpha * (1.0 - targets) * p + beta * targets * not_p, axes)
    values = _power(tf.math.divide_no_nan(missed, hit + missed + smooth), exponent)
    if over == "example":
        return values
    if over == "class":
        present = tf.cast(tf.reduce_sum(targets, axes) > 0.0, tf.float32)
        values = tf.math.divide_no_nan(tf.reduce_sum(values * present), tf.reduce_sum(present))
    return values * tf.ones_like(targets[..., 0])


def _of_example(targets, log_p, log_not_p, weight: float, smooth: float, exponent: float) -> tf.Tensor:
    """With TP + FN = 1 and FP = FN = 1 - TP, a function of the log-odds of TP: no difference is left."""
    log_t = tf.math.log(targets)
    hit = tf.reduce_logsumexp(log_t + log_p, axis=-1)
    missed = tf.reduce_logsumexp(log_t + log_not_p, axis=-1)
    offset = math.log1p(smooth) - math.log(weight + smooth)
    log_value = math.log(weight / (weight + smooth)) - tf.nn.softplus(hit - missed + offset)
    return tf.exp(exponent * log_value)


def _power(values: tf.Tensor, exponent: float) -> tf.Tensor:
    if exponent == 1.0:
        return values
    positive = values > 0.0
    return tf.where(positive, tf.exp(exponent * tf.math.log(tf.where(positive, values, 1.0))), 0.0)


@register
class Dice(MulticlassLoss):
    """Dice loss on softmax outputs: `1 - (2 TP + smooth) / (sum t + sum p + smooth)`.

    Milletari et al. 2016, "V-Net", with p in place of p^2. For one label per example `over="example"` is
    1 - p_y, half the mean absolute error; `over="class"` is the soft form of 1 - macro F1, where every class
    weighs the same: there is no `class_weight`.

    Args:
        smooth: >= 0.
        over: `"example"`, `"class"` or `"batch"`: see `tversky`. The last two make a batch's value depend on
            all its examples: sample weights scale that value and do not weight the sums.
        ignore_class: see `MulticlassLoss`; ignored examples are in no sum.

    Raises:
        ValueError: a parameter out of range.
    """

    smooth: NonNegative = 0.0
    over: Literal["example", "class", "batch"] = "example"
    label_smoothing: ClassVar[float] = 0.0
    class_weight: ClassVar[None] = None

    def batch_values(self, targets, logits, counted):
        return dice(targets, logits, self.smooth, self.over, counted)


@register
class Tversky(MulticlassLoss):
    """Tversky loss: `1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth)`; Dice at alpha = beta = 0.5.

    Salehi et al. 2017, "Tversky loss function for image segmentation using 3D fully convolutional deep
    networks".

    Args:
        alpha, beta: >= 0 and not both 0: weights of false positives and of false negatives.
        smooth, over, ignore_class: see `Dice`.

    Raises:
        ValueError: a parameter out of range.
    """

    alpha: NonNegative = 0.5
    beta: NonNegative = 0.5
    smooth: NonNegative = 0.0
    over: Literal["example", "class", "batch"] = "example"
    label_smoothing: ClassVar[float] = 0.0
    class_weight: ClassVar[None] = None

    def __post_init__(self):
        super().__post_init__()
        validation.not_both_zero(self, "alpha", "beta")

    def batch_values(self, targets, logits, counted):
        return tversky(targets, logits, self.alpha, self.beta, self.smooth, self.over, counted=counted)


@register
class FocalTversky(Tversky):
    """Focal Tversky loss: the Tversky loss to a power, by class where `over="class"`.

    Abraham and Khan 2019, "A Novel Focal Tversky Loss Function with Improved Attention U-Net for Lesion
    Segmentation"; its 1 / gamma is `exponent`.

    Args:
        exponent: > 0; 1 is `Tversky`.
        alpha, beta, smooth, over, ignore_class: see `Tversky`.

    Raises:
        ValueError: a parameter out of range.
    """

    exponent: Positive = 0.75
    alpha = 0.3
    beta = 0.7

    def batch_values(self, targets, logits, counted):
        return tversky(targets, logits, self.alpha, self.beta, self.smooth, self.over, self.exponent, counted)
