"""Links for ordered classes, through K-1 questions about the label.

Log-probabilities are written once, for arrays and for tensors: with more digits than float32 has they score a model,
and in a graph they are what training predicts by.
"""

from __future__ import annotations

from itertools import accumulate
from types import SimpleNamespace

import numpy as np
from scipy import special

from lossexp.base.links.classes import SMALLEST, ClassLink

# The functions of `keras.ops` that are used here, for arrays.
SHARED = ("concatenate", "cumsum", "expm1", "full_like", "log", "maximum", "minimum", "stack", "zeros_like")
ARRAYS = SimpleNamespace(log_sigmoid=special.log_expit, **{name: getattr(np, name) for name in SHARED})


class OrderedLink(ClassLink):
    """K-1 logits; a subclass gives log-probabilities as `scores`."""

    per_class = False

    def width(self, num_classes):
        return num_classes - 1

    def probabilities(self, outputs):
        return np.exp(self.log_probabilities(outputs))

    def log_probabilities(self, outputs):
        return self.scores(outputs, ARRAYS)

    def at_margins(self, margins, label, num_classes):
        return margins[:, np.newaxis] * np.where(label > np.arange(num_classes - 1), 1.0, -1.0)


class Ordinal(OrderedLink):
    """Logits of "the label is above k" (Cao et al. 2020), made monotone before differences are taken."""

    name = "ordinal"

    def probabilities(self, outputs):
        above = _falling(special.expit(outputs), ARRAYS)
        edges = np.concatenate([np.ones((len(outputs), 1)), above, np.zeros((len(outputs), 1))], axis=1)
        return edges[:, :-1] - edges[:, 1:]

    def scores(self, outputs, ops):
        # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)) for the logistic function s and a >= b
        edge = ops.full_like(outputs[:, :1], np.inf)
        edges = ops.concatenate([edge, _falling(outputs, ops), -edge], axis=1)
        above, below = edges[:, :-1], edges[:, 1:]
        between = ops.maximum(-ops.expm1(below - above), SMALLEST)
        return ops.log_sigmoid(above) + ops.log_sigmoid(-below) + ops.log(between)


class Conditional(OrderedLink):
    """Logits of "the label is above k, given that it is at least k" (Shi et al. 2021)."""

    name = "conditional"

    def scores(self, outputs, ops):
        zero = ops.zeros_like(outputs[:, :1])
        reached = ops.concatenate([zero, ops.cumsum(ops.log_sigmoid(outputs), axis=1)], axis=1)
        return reached + ops.concatenate([ops.log_sigmoid(-outputs), zero], axis=1)


def _falling(z, ops):
    """`[n, K-1]`, each column the smallest of the columns up to it."""
    columns = [z[:, k] for k in range(z.shape[1])]
    return ops.stack(list(accumulate(columns, ops.minimum)), axis=1)
