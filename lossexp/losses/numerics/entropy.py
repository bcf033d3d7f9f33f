"""Cross-entropy with a multiple of the prediction's own entropy."""

from __future__ import annotations

import tensorflow as tf

from lossexp.losses.base.targets import multiclass_targets
from lossexp.losses.numerics.log_probabilities import log_softmax


def with_entropy(y_true, logits, weight: float, entropy_weight: float) -> tf.Tensor:
    """`weight CE + entropy_weight H(p)`, `[...]` float32, p = softmax(logits `[..., K]`), H its entropy.

    Labels may be class numbers, one-hot or soft.
    """
    logits = tf.cast(logits, tf.float32)
    targets, _ = multiclass_targets(y_true, logits)
    log_p = log_softmax(logits)
    return -tf.reduce_sum((weight * targets + entropy_weight * tf.exp(log_p)) * log_p, axis=-1)
