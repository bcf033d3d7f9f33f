"""Losses of one score a class, each held against "yes" or "no": functions of a margin, summed over the outputs."""

from __future__ import annotations

from typing import Literal

import tensorflow as tf

from lossexp.base.checks import NonNegative, Positive
from lossexp.losses.base.multiclass import MulticlassLoss, register
from lossexp.losses.numerics.log_probabilities import log_softmax
from lossexp.losses.numerics.masked import is_idle


class ByOutput(MulticlassLoss):
    """`mean_k (t_k phi(z_k) + negatives (1 - t_k) phi(-z_k))` for scores z: targets +1 and -1 at negatives 1.

    A subclass gives `phi`. Probabilities are not fitted, and the mean is over all K outputs, masked or not.

    Args:
        negatives: >= 0, the weight of the outputs of the other classes. null is 1 / (K - 1), where the loss is
            symmetric if phi is: the values of all K labels sum to the constant phi(z) + phi(-z). 1 is targets +-1,
            of which K - 1 say no: with many classes a bounded phi may stay there. 0 is targets 1 and 0, as in Patrini
            et al.'s code, but for the constant `phi(0) (K - 1) / K`; the outputs then need a batch normalisation,
            without which all of them grow.
    """

    negatives: NonNegative | None = None

    def phi(self, margin: tf.Tensor) -> tf.Tensor:
        """The loss of margins of any shape, those of outputs that should be high."""
        raise NotImplementedError

    def margins(self, logits: tf.Tensor) -> tf.Tensor:
        """The scores z, `[..., K]`, for logits of that shape."""
        return logits

    def values(self, targets, logits):
        weight = 1.0 / (logits.shape[-1] - 1) if self.negatives is None else self.negatives
        z = self.margins(logits)
        losses = targets * self.phi(z) + weight * (1.0 - targets) * self.phi(-z)
        return tf.reduce_mean(tf.where(is_idle(targets, logits), 0.0, losses), axis=-1)


@register
class Unhinged(ByOutput):
    """Unhinged loss of K scores: `mean_k (t_k (1 - z_k) + negatives (1 - t_k) (1 + z_k))`.

    Linear: robust to symmetric noise, and with no minimum unless something bounds the scores, as a batch
    normalisation after the last layer does in Patrini et al. 2017. Van Rooyen et al. 2015, "Learning with Symmetric
    Label Noise: The Importance of Being Unhinged".

    Args:
        negatives: >= 0, the weight of the outputs of the other classes. null is 1 / (K - 1), so that values of all K
            labels sum to 2; 1 is targets +-1; 0 is targets 1 and 0, as in Patrini et al.'s code but for a constant.
    """

    def phi(self, margin):
        return 1.0 - margin


@register
class Sigmoid(ByOutput):
    """Sigmoid loss of K scores: `mean_k (t_k s(-beta z_k) + negatives (1 - t_k) s(beta z_k))`, s the sigmoid.

    Bounded, and symmetric as s(z) + s(-z) = 1. Ghosh et al. 2015, "Making Risk Minimization Tolerant to Label Noise",
    of one score; several, as Patrini et al. 2017 use it (after a batch normalisation of the scores).

    Args:
        beta: > 0, the slope; towards infinity it counts errors.
        negatives: >= 0, the weight of the outputs of the other classes. null is 1 / (K - 1), so that values of all K
            labels sum to 1; 1 is targets +-1; 0 is targets 1 and 0, as in Patrini et al.'s code but for a constant.
    """

    beta: Positive = 1.0

    def phi(self, margin):
        return tf.exp(-tf.nn.softplus(self.beta * margin))  # whose gradient keeps its digits at both ends


@register
class Ramp(ByOutput):
    """Ramp loss of K scores: `mean_k (t_k r(z_k) + negatives (1 - t_k) r(-z_k))`.

    `r(z) = min(max(1 - beta z, 0), bound)`: no gradient from a score that is right by 1 / beta, nor from one that is
    wrong by (bound - 1) / beta. Ghosh et al. 2015, "Making Risk Minimization Tolerant to Label Noise", of one score;
    several, as Patrini et al. 2017 use it (after a batch normalisation of the scores).

    Args:
        beta: > 0, the slope.
        bound: > 0, the largest value of r. 2 is symmetric, r(z) + r(-z) = 2; Patrini et al.'s code has 1.
        negatives: >= 0, the weight of the outputs of the other classes. null is 1 / (K - 1), so that values of all K
            labels sum to 2 at bound 2; 1 is targets +-1; 0 is targets 1 and 0, as in Patrini et al.'s code but for a
            constant.
    """

    beta: Positive = 1.0
    bound: Positive = 2.0

    def phi(self, margin):
        return tf.minimum(tf.maximum(1.0 - self.beta * margin, 0.0), self.bound)


@register
class Savage(ByOutput):
    """Savage loss of K scores: `mean_k (t_k phi(z_k) + negatives (1 - t_k) phi(-z_k))`, `phi(z) = 1 / (1 + e^2z)^2`.

    The square of 1 - p for p = sigmoid(2 z): bounded, not convex and not symmetric. Masnadi-Shirazi and Vasconcelos
    2008, "On the Design of Loss Functions for Classification: Theory, Robustness to Outliers, and SavageBoost", of
    one score.

    Args:
        scores: logits, or probabilities: then z is the softmax of the outputs, as in the code of Patrini et al.
            2017 (with negatives 0), where phi goes from 0.25 down to 0.014 only.
        negatives: >= 0, the weight of the outputs of the other classes. null is 1 / (K - 1); 1 is targets +-1; 0 is
            targets 1 and 0, as in Patrini et al.'s code but for a constant.
    """

    scores: Literal["logits", "probabilities"] = "logits"

    def margins(self, logits):
        return logits if self.scores == "logits" else tf.exp(log_softmax(logits))

    def phi(self, margin):
        return tf.exp(-2.0 * tf.nn.softplus(2.0 * margin))
