"""Margins subtracted from the true class: CosFace, ArcFace and LDAM, on a head of cosines.

All three are the cross-entropy of `s (z - mu_y e_y)`, where the margin mu_y is a constant, a constant for
each class, or a function of the cosine itself. The value of a soft label is the mean over its classes.
"""

from __future__ import annotations

import math
from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, NonNegative, Positive
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.log_probabilities import centered, log_probabilities


def margin_softmax(t, logits, margins, s: float) -> tf.Tensor:
    """`sum_k t_k CE(s (z - mu_k e_k), k)`, `[...]`, for targets t, logits z and margins mu `[..., K]`."""
    log_p, log_q = log_probabilities(s * centered(logits))
    # log p - log q is s z_k minus the log-sum-exp of the others: the true class's margin comes off that.
    return tf.reduce_sum(t * tf.nn.softplus(log_q - log_p + s * margins), axis=-1)


class CosineLoss(MulticlassLoss):
    """A loss of cosines; probabilities are softmax(s c), with the scale and without the margin."""

    head = "cosine"

    @property
    def link(self) -> dict:
        return {"name": "softmax", "scale": self.s}


@register
class CosFace(CosineLoss):
    """CosFace: `-log softmax(s (c - m e_y))_y` on cosines c.

    Wang et al. 2018, "CosFace: Large Margin Cosine Loss for Deep Face Recognition", equation 4 (also Wang et
    al. 2018, "Additive Margin Softmax"). Outputs must be cosines (`head="cosine"`). Soft and smoothed labels t
    give `sum_k t_k CE_k(s (c - m e_k))`: the margin comes off each class in turn, where that class is the true
    one, and not off the labelled class alone.

    Args:
        m: >= 0, the margin; 0 is cross-entropy of s c.
        s: > 0, the scale of the cosines.
    """

    m: NonNegative = 0.35
    s: Positive = 30.0

    def values(self, targets, logits):
        return margin_softmax(targets, logits, self.m, self.s)


@register
class ArcFace(CosineLoss):
    """ArcFace: cross-entropy of s c with the true class's cosine replaced by `cos(acos c_y + m)`.

    Deng et al. 2019, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", equation 3. Outputs
    must be cosines (`head="cosine"`). Soft and smoothed labels t give `sum_k t_k CE_k(s (c - m_k e_k))`,
    `m_k = c_k - cos(acos c_k + m)`: each class in turn is the true one, with its own margin.

    Args:
        m: in [0, pi], the angle added; 0 is cross-entropy of s c.
        s: > 0, the scale of the cosines.
        monotone: keep the loss falling in c also beyond acos c = pi - m, as the authors' code does.
    """

    m: Annotated[float, Interval("[0, 3.141592653589793]")] = 0.5
    s: Positive = 30.0
    monotone: bool = False

    def values(self, targets, logits):
        return margin_softmax(targets, logits, self._margins(logits), self.s)

    def _margins(self, cosines: tf.Tensor) -> tf.Tensor:
        """`c - cos(acos c + m)`, without acos; at |c| >= 1, where the true slope is infinite, a finite one."""
        square = (1.0 - cosines) * (1.0 + cosines)
        inside = square > 0.0
        sines = tf.where(inside, tf.sqrt(tf.where(inside, square, 1.0)), 0.0)
        margins = 2.0 * math.sin(self.m / 2.0) ** 2 * cosines + math.sin(self.m) * sines
        beyond = self.m * math.sin(self.m)
        return tf.where(cosines > -math.cos(self.m), margins, beyond) if self.monotone else margins
