"""The overlap of predicted and true positives: the formula of Dice and Tversky, of softmax and sigmoid outputs."""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from lossexp.base.checks import NonNegative
from lossexp.losses.base import arguments
from lossexp.losses.base.loss import Loss


class OverlapLoss(Loss):
    """Adds sums over labels to the base that stands behind it: `class Tversky(OverlapLoss, MulticlassLoss)`.

    `(1 - (h TP + smooth) / (h TP + alpha FP + beta FN + smooth))^exponent` with TP = sum t p, FP = sum (1 - t) p,
    FN = sum t (1 - p), h = `hits`. A subclass declares what is summed over: `"example"`, the outputs of an example,
    or, where it has many positions, such as pixels, these for each output, then the mean over the outputs with
    positives; `"class"`, the batch for each output, then the mean over those with positives; `"batch"`, everything;
    `"auto"`, by example where that has one position, else by class. Every example, and position, gets the value of the
    sums that it is in. Where these are the batch's, sample weights scale that value and do not weight the sums.

    Args:
        alpha, beta: >= 0 and not both 0: weights of false positives and of false negatives.
        smooth: >= 0. At 0, a set without positives has the value 1 and no gradient.
    """

    hits: ClassVar[float] = 1.0
    exponent: ClassVar[float] = 1.0

    alpha: NonNegative = 0.5
    beta: NonNegative = 0.5
    smooth: NonNegative = 0.0

    def __post_init__(self):
        super().__post_init__()
        arguments.not_both_zero(self, "alpha", "beta")

    def summed(self, t: tf.Tensor) -> str:
        """What is summed over for targets `[batch, ..., L]`: outputs, positions, class (batch and positions), batch."""
        if t.shape.rank == 2:
            return {"auto": "outputs", "example": "outputs"}.get(self.over, self.over)
        return {"auto": "class", "example": "positions"}.get(self.over, self.over)

    def of_sums(self, t: tf.Tensor, p: tf.Tensor, q: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
        """Values `[...]` for targets t, probabilities p and q = 1 - p, all `[..., L]` float32.

        counted: what is in the sums, `[..., L]` or `[..., 1]` bool (None: all).
        """
        if counted is not None:
            t, p, q = (tf.where(counted, x, 0.0) for x in (t, p, q))
        every, summed = list(range(t.shape.rank)), self.summed(t)
        axes = {"outputs": [-1], "positions": every[1:-1], "class": every[:-1], "batch": every}[summed]
        hit = self.hits * tf.reduce_sum(t * p, axes)
        missed = tf.reduce_sum(self.alpha * (1.0 - t) * p + self.beta * t * q, axes)
        values = _power(tf.math.divide_no_nan(missed, hit + missed + self.smooth), self.exponent)
        if summed in ("positions", "class"):
            present = tf.cast(tf.reduce_sum(t, axes) > 0.0, tf.float32)
            values = tf.math.divide_no_nan(tf.reduce_sum(values * present, -1), tf.reduce_sum(present, -1))
        return tf.reshape(values, [-1, *[1] * len(every[2:])]) * tf.ones_like(t[..., 0])


def _power(values: tf.Tensor, exponent: float) -> tf.Tensor:
    if exponent == 1.0:
        return values
    positive = values > 0.0
    return tf.where(positive, tf.pow(tf.where(positive, values, 1.0), exponent), 0.0)
