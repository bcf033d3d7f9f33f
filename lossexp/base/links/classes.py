"""Links that give every class a probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import special

if TYPE_CHECKING:
    import tensorflow as tf

SMALLEST = float(np.finfo(np.float64).tiny)


class ClassLink:
    """Raw outputs `[n, width]` that give each of K classes a probability: a softmax, unless a subclass has another.

    Links of softmax logits take outputs of pixels too, `[n, height, width, K]`. Arrays are float64. `per_class` says
    whether there is one output for each class, so that -inf leaves the class out; `scale` is the largest margin that
    the outputs can have, or None if there is no limit.
    """

    name: ClassVar[str]
    of_classes: ClassVar[bool] = True
    per_class: ClassVar[bool] = True
    scale: ClassVar[float | None] = None

    def width(self, num_classes: int) -> int:
        """The number of raw outputs for `num_classes` classes."""
        return num_classes

    def logits(self, outputs: np.ndarray) -> np.ndarray:
        """The logits `[n, K]` of the softmax."""
        return outputs

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Class probabilities `[n, K]`; rows sum to 1."""
        return special.softmax(self.logits(outputs), axis=-1)

    def log_probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Log class probabilities `[n, K]`, exact where the probabilities themselves underflow to 0."""
        return special.log_softmax(self.logits(outputs), axis=-1)

    def scores(self, outputs: Any, ops: ModuleType) -> Any:
        """Numbers `[n, K]` that are largest for the most probable class. ops: `keras.ops`, or its like for arrays."""
        return outputs

    def predicted(self, outputs: tf.Tensor) -> tf.Tensor:
        """The most probable class `[n]`, int32, from a float32 tensor of raw outputs; works in a graph."""
        import tensorflow as tf
        from keras import ops

        return tf.argmax(self.scores(outputs, ops), axis=-1, output_type=tf.int32)

    def at_margins(self, margins: np.ndarray, label: int, num_classes: int) -> np.ndarray:
        """Raw outputs `[n, width]` of examples of class `label` with these margins, `[n]`.

        Softmax: the logit of the true class varies and the others are 0; the margin is its distance from their
        log-sum-exp. Sigmoids: every answer has the margin.
        """
        return (margins[:, np.newaxis] + math.log(num_classes - 1)) * np.eye(num_classes)[label]


@dataclass(frozen=True)
class Softmax(ClassLink):
    """The softmax of K logits. scale: what they are multiplied by where they are cosines."""

    name = "softmax"
    scale: float | None = None

    def logits(self, outputs):
        return outputs if self.scale is None else outputs * self.scale

    def at_margins(self, margins, label, num_classes):
        logits = super().at_margins(margins, label, num_classes)
        return logits if self.scale is None else logits / self.scale


class SoftmaxNorm(ClassLink):
    """The softmax of K logits, which are followed by one more output for the loss alone: a norm of the features."""

    name = "softmax_norm"

    def width(self, num_classes):
        return num_classes + 1

    def logits(self, outputs):
        return outputs[..., :-1]

    def scores(self, outputs, ops):
        return outputs[..., :-1]

    def at_margins(self, margins, label, num_classes):
        logits = super().at_margins(margins, label, num_classes)
        return np.pad(logits, [(0, 0), (0, 1)], constant_values=1.0)


@dataclass(frozen=True)
class Tempered(ClassLink):
    """The softmax of K logits with the temperature `t2` (Amid et al. 2019).

    `p_k = [1 + (1 - t2)(z_k - L)]_+^(1 / (1 - t2))`, with the L that makes p sum to 1.
    """

    name = "tempered"
    t2: float

    def probabilities(self, outputs):
        return np.exp(self.log_probabilities(outputs))

    def log_probabilities(self, outputs):
        return np.maximum(self._log_probabilities(outputs), np.log(SMALLEST))

    def _log_probabilities(self, z: np.ndarray) -> np.ndarray:
        t2 = self.t2
        if t2 == 1.0:
            return special.log_softmax(z, axis=-1)
        z = z - z.max(axis=-1, keepdims=True)
        level = np.zeros_like(z[..., :1])
        with np.errstate(divide="ignore"):
            for _ in range(20):  # Newton on (sum p)^(1 - t2) = 1, nearly linear in L: five steps are enough
                log_p = np.log1p(np.maximum((1.0 - t2) * (z - level), -1.0)) / (1.0 - t2)
                total = special.logsumexp(log_p, axis=-1, keepdims=True)
                slope = special.logsumexp(t2 * log_p, axis=-1, keepdims=True)
                level += np.expm1((1.0 - t2) * total) / (1.0 - t2) * np.exp(t2 * total - slope)
            return np.log1p(np.maximum((1.0 - t2) * (z - level), -1.0)) / (1.0 - t2)


class Sigmoid(ClassLink):
    """One logit of class 1 against class 0."""

    name = "sigmoid"

    def width(self, num_classes):
        return 1

    def probabilities(self, outputs):
        z = outputs.reshape(len(outputs), -1)[:, :1]
        return np.concatenate([special.expit(-z), special.expit(z)], axis=1)

    def log_probabilities(self, outputs):
        z = outputs.reshape(len(outputs), -1)[:, :1]
        return np.concatenate([special.log_expit(-z), special.log_expit(z)], axis=1)

    def scores(self, outputs, ops):
        return ops.concatenate([ops.zeros_like(outputs[:, :1]), outputs[:, :1]], axis=1)

    def at_margins(self, margins, label, num_classes):
        return margins[:, np.newaxis] * (2 * label - 1)


class OneVsRest(ClassLink):
    """K logits of the questions "is it class k?"; the sigmoids are scaled to sum to 1."""

    name = "one_vs_rest"

    def logits(self, outputs):
        return special.log_expit(outputs)

    def at_margins(self, margins, label, num_classes):
        return margins[:, np.newaxis] * (2 * np.eye(num_classes)[label] - 1)
