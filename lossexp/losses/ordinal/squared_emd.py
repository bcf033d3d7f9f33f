"""Squared earth mover's distance: for ordered classes, the further off the worse."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.multiclass import MulticlassLoss, register


@register
class SquaredEMD(MulticlassLoss):
    """Squared earth mover's distance between label and softmax prediction of ordered classes 0 to K-1:

    `sum_k (P(class <= k) - T(class <= k))^2`, summed over k.

    Hou et al. 2016, "Squared Earth Mover's Distance-based Loss for Training Deep Neural Networks".
    """

    tasks = ("multiclass", "binary", "ordinal")

    def formula(self, t, log_p, log_q):
        # The one class above 1/2 is 1 - q, whose gradient keeps the digits of the others' small ones.
        q = tf.exp(log_q)
        errors = tf.where(q < 0.5, 1.0 - t - q, (1.0 - t) * tf.exp(log_p) - t * q)
        return tf.reduce_sum(tf.square(tf.cumsum(errors, axis=-1)[..., :-1]), axis=-1)
