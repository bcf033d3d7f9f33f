"""Lovasz losses: convex surrogates of 1 - Jaccard index, defined over a whole batch (Berman et al. 2018).

The definition ranks the errors e of all examples and weighs each with the growth g of the Jaccard loss at its
rank; the loss is `sum_i e_i g_i`. What is returned per example is its own part times the number of examples,
so that the mean over the batch is the loss. Errors that do not count are ranked last and belong to no set.
"""

from __future__ import annotations

from typing import ClassVar

import tensorflow as tf

from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.differences import errors
from lossexp.losses.numerics.log_probabilities import log_probabilities

LAST = -1e30  # below every error


@register
class LovaszSoftmax(MulticlassLoss):
    """Lovasz-Softmax: the Lovasz extension of 1 - Jaccard at |t - p|, mean over the classes in the batch.

    Berman et al. 2018, "The Lovasz-Softmax loss". The mean of the values is the loss. The batch (for logits
    `[batch, positions, K]` all its positions) is ranked as a whole, without the examples ignored, so it should hold
    several examples of each class. Hard labels.
    """

    label_smoothing: ClassVar[float] = 0.0
    class_weight: ClassVar[None] = None

    def batch_values(self, targets, logits, counted):
        sizes = tf.abs(errors(targets, *log_probabilities(logits)))
        if counted is not None:
            targets, sizes = (
                tf.where(counted[..., tf.newaxis], x, other) for x, other in ((targets, 0.0), (sizes, LAST))
            )
        by_class = [tf.transpose(tf.reshape(x, [-1, targets.shape[-1]])) for x in (sizes, targets)]
        present = tf.cast(tf.reduce_any(by_class[1] > 0.0, axis=-1, keepdims=True), tf.float32)
        weights = jaccard_growth(*by_class) * present / tf.maximum(tf.reduce_sum(present), 1.0)
        return _parts(tf.nn.relu(sizes) * tf.reshape(tf.transpose(weights), tf.shape(sizes)), counted)


@register
class LovaszHinge(BinaryLoss):
    """Lovasz hinge: the Lovasz extension of 1 - Jaccard at `max(1 - y z, 0)`, y = +-1, for two classes.

    Berman et al. 2018, "The Lovasz-Softmax loss". The mean of the values is the loss. The batch is ranked as a
    whole, without the labels ignored; without positives, only its largest error counts.
    """

    label_smoothing: ClassVar[float] = 0.0

    def batch_values(self, targets, logits, counted):
        errors = 1.0 - (2.0 * targets - 1.0) * logits
        if counted is not None:
            targets, errors = tf.where(counted, targets, 0.0), tf.where(counted, errors, LAST)
        weights = jaccard_growth(tf.reshape(errors, [1, -1]), tf.reshape(targets, [1, -1]))
        examples = None if counted is None else tf.reduce_any(counted, axis=-1)
        return _parts(tf.nn.relu(errors) * tf.reshape(weights, tf.shape(errors)), examples)


def jaccard_growth(errors: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Weight of each error, `[sets, n]` float32, for errors and targets (0 or 1) `[sets, n]`.

    With errors ranked downwards, I true members still unranked and U the size of the union so far, the
    Jaccard loss grows by 1 / U at a true member and by I / (U (U - 1)) at another: Berman et al. 2018,
    algorithm 1, without its difference of nearly equal numbers. In a set without members the first error
    takes the Jaccard loss from 0 to 1 at once. No gradient.
    """
    order = tf.argsort(tf.stop_gradient(errors), axis=-1, direction="DESCENDING", stable=True)
    ranked, rank = tf.gather(targets, order, batch_dims=1), tf.range(1, tf.shape(order)[-1] + 1)
    members, found = tf.reduce_sum(targets, axis=-1, keepdims=True), tf.cumsum(ranked, axis=-1)
    union = members + tf.cast(rank, tf.float32) - found
    growth = ranked / union + (1.0 - ranked) * tf.math.divide_no_nan(members - found, union * (union - 1.0))
    growth = tf.where(members > 0.0, growth, tf.cast(tf.equal(rank, 1), tf.float32))
    return tf.stop_gradient(_unranked(growth, order))


def _unranked(ranked: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    """`ranked` `[sets, n]` back in the places from which `order` took it, without a second sort."""
    sets, n = tf.unstack(tf.shape(order))
    places = order + n * tf.range(sets)[:, tf.newaxis]
    return tf.reshape(tf.math.unsorted_segment_sum(ranked, places, sets * n), [sets, n])


def _parts(values: tf.Tensor, counted: tf.Tensor | None) -> tf.Tensor:
    examples = tf.reduce_sum(values, axis=-1)
    number = tf.size(examples) if counted is None else tf.math.count_nonzero(counted)
    return examples * tf.cast(number, tf.float32)
