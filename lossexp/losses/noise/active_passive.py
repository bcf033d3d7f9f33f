"""Active-passive losses: a normalised loss, which pulls the true class up, and one that pushes others down.

Ma et al. 2020, "Normalized Loss Functions for Deep Learning with Noisy Labels": both parts are
robust to uniform label noise; the active one alone learns too slowly.
"""

from __future__ import annotations

from typing import Annotated

from lossexp.base.checks import Interval, NonNegative
from lossexp.losses.base import arguments
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.noise.bounded import absolute_error
from lossexp.losses.noise.normalized import normalized_focal
from lossexp.losses.noise.symmetric import LOG_ZERO, reverse_cross_entropy


class ActivePassive(MulticlassLoss):
    """`alpha` times an active loss plus `beta` times a passive one."""

    alpha: NonNegative = 1.0
    beta: NonNegative = 1.0

    def __post_init__(self):
        super().__post_init__()
        arguments.not_both_zero(self, "alpha", "beta")


@register
class NCEMAE(ActivePassive):
    """Normalised cross-entropy and absolute error of probabilities: `alpha NCE + beta sum_k |p_k - t_k|`.

    Args:
        alpha: weight of the active part (`NCE`), >= 0.
        beta: weight of the passive part (`MAEProb`), >= 0.
    """

    def formula(self, t, log_p, log_q):
        return self.alpha * normalized_focal(t, log_p, log_q) + self.beta * absolute_error(t, log_p, log_q)


@register
class NCERCE(ActivePassive):
    """Normalised and reverse cross-entropy: `alpha NCE + beta RCE`.

    Args:
        alpha: weight of the active part (`NCE`), >= 0.
        beta: weight of the passive part (`RCE`), >= 0.
        A: what log 0 is in the passive part, < 0.
    """

    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO

    def formula(self, t, log_p, log_q):
        return self.alpha * normalized_focal(t, log_p, log_q) + self.beta * reverse_cross_entropy(t, log_q, self.A)


@register
class NFLRCE(ActivePassive):
    """Normalised focal loss and reverse cross-entropy: `alpha NFL + beta RCE`.

    Args:
        alpha: weight of the active part (`NFL`), >= 0.
        beta: weight of the passive part (`RCE`), >= 0.
        gamma: of the focal loss, >= 0.
        A: what log 0 is in the passive part, < 0.
        detach: no gradient through the focal factor, as in the authors' code.
    """

    gamma: NonNegative = 0.5
    A: Annotated[float, Interval("(-inf, 0)")] = LOG_ZERO
    detach: bool = False

    def formula(self, t, log_p, log_q):
        active = normalized_focal(t, log_p, log_q, self.gamma, self.detach)
        return self.alpha * active + self.beta * reverse_cross_entropy(t, log_q, self.A)
