"""Gradient harmonizing: answers whose gradient is as long as that of many others count less (Li et al. 2019)."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import BelowOne, Interval
from lossexp.losses.base.loss import register
from lossexp.losses.base.one_vs_rest import OneVsRest
from lossexp.losses.numerics.differences import errors
from lossexp.losses.numerics.masked import is_idle
from lossexp.losses.numerics.running import add_when_trained


@register
class GHMC(OneVsRest):
    """Gradient harmonized classification loss: `mean_k w_k BCE(z_k, t_k)` on K sigmoid outputs.

    The gradients' lengths |p_k - t_k| of all outputs of the batch fall into `bins` equal parts of [0, 1], and
    w_k = N / (M n), n the number in the bin of output k, N that of all and M that of bins that are not empty. So very
    easy answers, which are many, and very hard ones, wrong labels among them, weigh less. Li et al. 2019, "Gradient
    Harmonized Single-stage Detector"; M as in the authors' code, where the paper divides by all bins. Masked outputs
    are not counted.

    Args:
        bins: 1 to 1000; 1 is the mean of K binary cross-entropies.
        momentum: in [0, 1), of n, which is a moving average over batches for each bin: `momentum n + (1 - momentum)
            found` wherever any are found, from 0 as in the authors' code. 0 is this batch alone. Only batches that are
            trained on move the average; a checkpoint must keep `variables`.
    """

    averages = True

    bins: Annotated[int, Interval("[1, 1000]")] = 30  # unrolled into the graph
    momentum: BelowOne = 0.75

    def __post_init__(self):
        super().__post_init__()
        self._density = tf.Variable(tf.zeros(self.bins), trainable=False, name="density")

    def formula(self, t, log_p, log_q):
        length = tf.abs(errors(t, log_p, log_q))
        bin_of = tf.clip_by_value(tf.cast(self.bins * length, tf.int32), 0, self.bins - 1)
        counted = ~is_idle(t, log_p)
        found = tf.stack([_number(counted & tf.equal(bin_of, i)) for i in range(self.bins)])
        step = tf.where(found > 0.0, (1.0 - self.momentum) * (found - self._density), 0.0)
        weights = tf.math.divide_no_nan(_number(counted), (self._density + step) * _number(found > 0.0))
        values = -tf.gather(weights, bin_of) * (t * log_p + (1.0 - t) * log_q)
        return add_when_trained(values, [self._density], [step])


def _number(where: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(where, tf.float32))
