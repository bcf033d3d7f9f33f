"""Cross-entropies, the baselines of every comparison, and the Kullback-Leibler divergence."""

from __future__ import annotations

import tensorflow as tf

from lossexp.base.checks import Positive
from lossexp.losses.base.binary import BinaryLoss
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.cross_entropy.of_class_numbers import ByClassNumbers


@register
class CrossEntropy(ByClassNumbers):
    """Cross-entropy of softmax logits: `-sum_k t_k log p_k`.

    Label smoothing is that of Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7.

    >>> loss = CrossEntropy(label_smoothing=0.1)
    >>> logits = [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    >>> loss([0, 1], logits).numpy().round(4)
    np.float32(0.3729)
    >>> import keras
    >>> model = keras.Sequential([keras.layers.Dense(3)])
    >>> model.compile(loss=loss)  # any Keras model that returns logits
    """

    def formula(self, t, log_p, log_q):
        return -tf.reduce_sum(t * log_p, axis=-1)

    @property
    def is_cross_entropy(self):
        return type(self) is CrossEntropy  # a subclass may have another formula


@register
class BinaryCrossEntropy(BinaryLoss):
    """Cross-entropy of sigmoid logits: `-w t log p - (1 - t) log(1 - p)`, mean over labels.

    Args:
        pos_weight: w > 0, the weight of the positive class relative to the negative one; it is what
            `class_weight` is to losses of several classes.
    """

    pos_weight: Positive = 1.0

    def formula(self, t, log_p, log_q):
        return -(self.pos_weight * t * log_p + (1.0 - t) * log_q)


@register
class KLDivergence(MulticlassLoss):
    """Divergence of the model's probabilities from soft labels: `sum_k t_k (log t_k - log p_k)`, 0 log 0 = 0.

    Kullback and Leibler 1951, equation 2.4. Its gradient is that of cross-entropy; its value is 0 where the
    model equals the labels. For hard labels the two are the same.
    """

    def formula(self, t, log_p, log_q):
        return tf.reduce_sum(tf.math.xlogy(t, t) - t * log_p, axis=-1)
