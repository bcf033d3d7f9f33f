"""Active-passive losses: a normalised loss, which pulls the true class up, and one that pushes others down.

Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels".3: both parts are
robust to uniform label noise; the active one alone learns too slowly.
"""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from lossexp.base.checks import Interval, NonNegative
from lossexp.losses.base import validation
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.noise.bounded import mae_prob
from lossexp.losses.noise.normalized import nce, nfl
from lossexp.losses.noise.symmetric import LOG_ZERO, rce


def nce_rce(y_true, logits, alpha: float = 1.0, beta: float = 1.0, A: float = LOG_ZERO) -> tf.Tensor:
    """`alpha NCE + beta RCE`, `[...]` float32; see `NCERCE`."""
    return alpha * nce(y_true, logits) + beta * rce(y_true, logits, A)


def nce_mae(y_true, logits, alpha: float = 1.0, beta: float = 1.0) -> tf.Tensor:
    """`alpha NCE + beta MAE`, `[...]` float32; see `NCEMAE`."""
    return alpha * nce(y_true, logits) + beta * mae_prob(y_true, logits)


def nfl_rce(
    y_true,
    logits,
    alpha: float = 1.0,
    beta: float = 1.0,
    gamma: float = 0.5,
    A: float = LOG_ZERO,
    detach: bool = False,
) -> tf.Tensor:
    """`alpha NFL + beta RCE`, `[...]` float32; see `NFLRCE`."""
    return alpha * nfl(y_true, logits, gamma, detach) + beta * rce(y_true, logits, A)


class ActivePassive(MulticlassLoss):
    """`alpha` times an active loss plus `beta` times a passive one."""

    alpha: NonNegative = 1.0
    beta: NonNegative = 1.0

    def __post_init__(self):
        super().__post_init__()
        validation.not_both_zero(self, "alpha", "beta")


@register
class NCEMAE(ActivePassive):
    """Normalised cross-entropy and absolute error of probabilities: `alpha NCE + beta sum_k |p_k - t_k|`.

    Args:
        alpha: weight of the active part (`NCE`), >= 0.
        beta: weight of the passive part (`MAEProb`), >= 0.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    def values(self, targets, logits):
        return nce_mae(targets, logits, self.alpha, self.beta)


@register
class NCERCE(ActivePassive):
    """Normalised and reverse cross-entropy: `alpha NCE + beta RCE`.

    Args:
        alpha: weight of the active part (`NCE`), >= 0.
        beta: weight of the passive part (`RCE`), >= 0.
        A: what log 0 is in the passive part, < 0.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO

    def values(self, targets, logits):
        return nce_rce(targets, logits, self.alpha, self.beta, self.A)


@register
class NFLRCE(ActivePassive):
    """Normalised focal loss and reverse cross-entropy: `alpha NFL + beta RCE`.

    Args:
        alpha: weight of the active part (`NFL`), >= 0.
        beta: weight of the passive part (`RCE`), >= 0.
        gamma: of the focal loss, >= 0.
        A: what log 0 is in the passive part, < 0.
        detach: no gradient through the focal factor, as in the authors' code.
        label_smoothing, class_weight, ignore_class: see `MulticlassLoss`.

    Raises:
        ValueError: a parameter out of range.
    """

    gamma: NonNegative = 0.5
    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO
    detach: bool = False

    def values(self, targets, logits):
        return nfl_rce(targets, logits, self.alpha, self.beta, self.gamma, self.A, self.detach)
