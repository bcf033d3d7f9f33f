"""Losses for calibrated probabilities, of single examples."""

from dataclasses import replace
from functools import partial

from mpmath import mpf, sqrt

from lossexp.losses import (
    FLSD53,
    Brier,
    ConfidencePenalty,
    DualFocal,
    LogitNorm,
    MaxSup,
    Poly1,
    Poly1Focal,
)
from tests.losses.reference import MULTICLASS, SOFT, Case, log


def cross_entropy(row):
    return -row.total(lambda k: row.t[k] * log(row.p[k]))


def poly1_focal(row, gamma, epsilon):
    return row.total(lambda k: row.t[k] * (1 - row.p[k]) ** gamma * (-log(row.p[k]) + epsilon * (1 - row.p[k])))


def flsd53(row):
    return row.total(lambda k: -row.t[k] * (1 - row.p[k]) ** (5 if row.p[k] < 0.2 else 3) * log(row.p[k]))


def dual_focal(row, gamma):
    """Hard labels."""
    p_j = max([p for p in row.p if p < row.p_y], default=0)
    return -((1 - row.p_y + p_j) ** gamma) * log(row.p_y)


def max_sup(row, lam, smoothing=0.0):
    mean = row.total(lambda k: row.z[k]) / sum(row.n)
    return cross_entropy(row.smoothed(smoothing)) + mpf(lam) * (max(row.z) - mean)


def confidence_penalty(row, beta):
    return cross_entropy(row) + mpf(beta) * row.total(lambda k: row.p[k] * log(row.p[k]))


def brier(row, smoothing=0.0):
    row = row.smoothed(smoothing)
    return row.total(lambda k: (row.p[k] - row.t[k]) ** 2)


def logit_norm(row, tau):
    length = sqrt(row.total(lambda k: row.z[k] ** 2))
    return cross_entropy(replace(row, z=tuple(z / (mpf(tau) * length) for z in row.z)))


def one_top(rows):
    """Rows with a single largest logit: elsewhere the maximum is a kink."""
    return [row for row in rows if sum(n for z, n in zip(row.z, row.n) if z == max(row.z)) == 1]


def distinct(rows):
    """Rows with different logits in each group: elsewhere the runner-up changes, and the value jumps."""
    return [row for row in rows if len(set(row.z)) == 3]


DIRECTIONS = [row for row in MULTICLASS if any(row.z)]
CASES = [
    *(Case(Poly1(epsilon=e), partial(poly1_focal, gamma=0, epsilon=e)) for e in (-1, -0.5, 0, 1, 2)),
    Case(Poly1(), partial(poly1_focal, gamma=0, epsilon=1), SOFT),
    *(Case(Poly1Focal(gamma=g), partial(poly1_focal, gamma=g, epsilon=1)) for g in (0.5, 2)),
    Case(Poly1Focal(gamma=2, epsilon=-1), partial(poly1_focal, gamma=2, epsilon=-1)),
    Case(Poly1Focal(), partial(poly1_focal, gamma=2, epsilon=1), SOFT),
    Case(FLSD53(), flsd53),
    Case(FLSD53(), flsd53, SOFT),
    *(Case(DualFocal(gamma=g), partial(dual_focal, gamma=g), distinct(MULTICLASS)) for g in (5, 0.5, 1)),
    Case(MaxSup(), partial(max_sup, lam=0.1), one_top(MULTICLASS)),
    Case(MaxSup(lam=0.25), partial(max_sup, lam=0.25), one_top(SOFT)),
    Case(MaxSup(label_smoothing=0.125), partial(max_sup, lam=0.1, smoothing=0.125), one_top(MULTICLASS)),
    Case(ConfidencePenalty(), partial(confidence_penalty, beta=0.1)),
    Case(ConfidencePenalty(beta=0.125), partial(confidence_penalty, beta=0.125)),
    Case(ConfidencePenalty(), partial(confidence_penalty, beta=0.1), SOFT),
    Case(Brier(), brier),
    Case(Brier(label_smoothing=0.125), partial(brier, smoothing=0.125)),
    Case(Brier(), brier, SOFT),
    Case(LogitNorm(), partial(logit_norm, tau=0.04), DIRECTIONS),
    Case(LogitNorm(tau=1), partial(logit_norm, tau=1), DIRECTIONS),
    Case(LogitNorm(), partial(logit_norm, tau=0.04), [row for row in SOFT if any(row.z)]),
]
