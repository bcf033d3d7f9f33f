"""Focal loss: cross-entropy that fades for examples already classified well."""

from __future__ import annotations

import warnings

import tensorflow as tf

from lossexp.base.checks import NonNegative, PerClass, Positive
from lossexp.losses.base.multiclass import register
from lossexp.losses.cross_entropy.of_class_numbers import ByClassNumbers


@register
class Focal(ByClassNumbers):
    """Focal loss on softmax logits: `sum_k t_k alpha_k (1 - p_k)^gamma (-log p_k)`.

    Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5, one term per class. With label
    smoothing (or soft labels) the sum runs over all classes with the smoothed targets.

    >>> loss = Focal(gamma=2.0)
    >>> logits = [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    >>> loss([0, 0], logits).numpy().round(3)  # class numbers, one-hot or soft labels
    np.float32(0.899)
    >>> loss.call([0, 0], logits).numpy().round(3)  # one value per example; the second is wrong and weighs more
    array([0.011, 1.788], dtype=float32)

    Args:
        gamma: >= 0; 0 is cross-entropy.
        alpha: None, a number > 0, or a list of K weights >= 0, not all 0, one per class. A single number only
            scales the loss, which Adam undoes: warns.
        detach: treat the factor alpha_k (1 - p_k)^gamma as a constant in the gradient.

    Raises:
        ValueError: alpha's length is not K (at the first call).
    """

    gamma: NonNegative = 2.0
    alpha: Positive | PerClass | None = None
    detach: bool = False

    def __post_init__(self):
        super().__post_init__()
        if isinstance(self.alpha, float):
            warnings.warn(
                f"Focal: alpha={self.alpha} is one number for all classes. It only scales the loss: a learning-rate "
                "change under SGD, nothing at all under Adam. Give one alpha per class, or class_weight.",
                stacklevel=3,
            )

    def formula(self, t, log_p, log_q):
        if isinstance(self.alpha, list) and len(self.alpha) != t.shape[-1]:
            raise ValueError(f"Focal: alpha has {len(self.alpha)} entries for {t.shape[-1]} classes.")
        factor = tf.exp(self.gamma * log_q)
        if self.detach:
            factor = tf.stop_gradient(factor)
        return -tf.reduce_sum(t * (self.alpha or 1.0) * factor * log_p, axis=-1)

    @property
    def is_cross_entropy(self):
        return type(self) is Focal and not self.gamma and not self.alpha  # then equal to the bit
