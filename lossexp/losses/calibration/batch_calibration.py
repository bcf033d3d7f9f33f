"""Losses with a calibration error of the whole batch added to the value of each of its examples.

Their mean over a batch is the published loss. The added part depends on the other examples, so values mean
nothing outside their batch, and batches of a few hundred examples estimate it best.
"""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import NonNegative, Positive
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.differences import errors
from lossexp.losses.numerics.largest import is_largest
from lossexp.losses.numerics.log_probabilities import log_probabilities


@register
class MMCE(MulticlassLoss):
    """Maximum mean calibration error: `CE_i + weight sum_{a,b} (c_a - r_a)(c_b - r_b) k(r_a, r_b) / n^2`.

    Over all pairs of the batch's n examples, r being the largest probability, c whether its class is the
    label, and `k(r, s) = exp(-|r - s| / width)`. This is the squared error, as in the code of Mukhoti et al.
    2020; the paper takes its root, whose gradient is infinite at 0. Kumar et al. 2018, "Trainable Calibration
    Measures for Neural Networks from Kernel Mean Embeddings".

    Args:
        weight: of the batch's calibration error, >= 0; 0 is cross-entropy.
        width: of the kernel, > 0.
    """

    tasks = ("multiclass", "binary", "ordinal")  # all pairs of pixels would be too many

    weight: NonNegative = 1.0
    width: Positive = 0.4

    def batch_values(self, targets, logits, counted):
        log_p, log_q = log_probabilities(logits)
        top = tf.cast(is_largest(logits), tf.float32)
        confidence, doubt = (tf.reduce_sum(top * tf.exp(x), axis=-1) for x in (log_p, log_q))
        correct = tf.reduce_sum(top * targets, axis=-1)
        gaps = correct * doubt - (1.0 - correct) * confidence  # correct - confidence
        error = self._kernel_error(tf.reshape(gaps, [-1]), tf.reshape(confidence, [-1]), counted)
        return self.weight * error - tf.reduce_sum(targets * log_p, axis=-1)

    def _kernel_error(self, gaps: tf.Tensor, confidence: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
        """The sum over all pairs of the n examples, by n^2; both are `[n]`."""
        distances = tf.abs(confidence[:, tf.newaxis] - confidence)
        pairs = gaps[:, tf.newaxis] * gaps * tf.exp(-distances / self.width)
        return _mean_of_counted(_mean_of_counted(pairs, counted), counted)


@register
class MDCA(MulticlassLoss):
    """Multi-class difference of confidence and accuracy: `FL_i + weight mean_k |mean_i p_ik - mean_i t_ik|`.

    The batch's mean probability of each class against its fraction of labels, added to focal loss
    (cross-entropy at gamma 0). Hebbalaguppe et al. 2022, "A Stitch in Time Saves Nine: A Train-Time
    Regularizing Loss for Improved Neural Network Calibration".

    Args:
        weight: of the batch's calibration error, >= 0.
        gamma: of the focal loss, >= 0.
    """

    weight: NonNegative = 1.0
    gamma: NonNegative = 0.0

    def batch_values(self, targets, logits, counted):
        log_p, log_q = log_probabilities(logits)
        focal = -tf.reduce_sum(targets * tf.exp(self.gamma * log_q) * log_p, axis=-1)
        gaps = tf.reshape(errors(targets, log_p, log_q), [-1, logits.shape[-1]])
        return focal + self.weight * tf.reduce_mean(tf.abs(_mean_of_counted(gaps, counted)))


def _mean_of_counted(x: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
    """Mean over the first axis of `x`, `[n, ...]`; over the entries that count, 0 if none does."""
    if counted is None:
        return tf.reduce_mean(x, axis=0)
    weights = tf.reshape(tf.cast(counted, tf.float32), [-1] + [1] * (x.shape.rank - 1))
    return tf.math.divide_no_nan(tf.reduce_sum(x * weights, axis=0), tf.reduce_sum(weights))
