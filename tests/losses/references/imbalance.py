"""Losses with class counts: Cui 2019, Menon 2021, Ren 2020, Kini 2021, Wang 2021, Tan 2020, Wu 2020."""

from dataclasses import replace
from functools import partial

from mpmath import mp, mpf

from lossexp.losses import (
    EQL,
    VS,
    BalancedSoftmax,
    CBCrossEntropy,
    CBFocal,
    CBSigmoid,
    DBLoss,
    LogitAdjusted,
    Seesaw,
)
from tests.losses.reference import MULTICLASS, SOFT, Case, log, sigmoid

GROUPS = (600, 40, 3)  # examples of each class of the three groups of a row
ROWS = {k: [row for row in MULTICLASS if sum(row.n) == k] for k in (3, 1000)}


def class_counts(num_classes):
    return [GROUPS[0], GROUPS[1]] + [GROUPS[2]] * (num_classes - 2)


def cases(make, formula, soft=True):
    """For K = 3 and K = 1000, and for soft labels; `make(class_counts)` gives the loss."""
    yield from (Case(make(class_counts(k)), formula, rows) for k, rows in ROWS.items())
    if soft:
        yield Case(make(class_counts(3)), formula, SOFT)


def cross_entropy(row):
    return row.total(lambda k: -row.t[k] * log(row.p[k]) if row.t[k] else mpf(0))


def class_weight(row, beta):
    w = [(1 - beta) / (1 - beta**n) for n in GROUPS]
    scale = sum(row.n) / row.total(lambda k: w[k])
    return row.total(lambda k: row.t[k] * w[k] * scale)


def class_balanced(row, beta, gamma=0):
    beta = mpf(beta)
    terms = row.total(lambda k: -row.t[k] * (1 - row.p[k]) ** gamma * log(row.p[k]) if row.t[k] else mpf(0))
    return class_weight(row, beta) * terms


def class_balanced_sigmoid(row, beta, gamma):
    def term(k):
        p, q, t = sigmoid(row.z[k]), sigmoid(-row.z[k]), row.t[k]
        return (t * q + (1 - t) * p) ** gamma * -(t * log(p) + (1 - t) * log(q))

    return class_weight(row, mpf(beta)) * row.total(term)


def vs(row, gamma, tau):
    total = row.total(lambda k: mpf(GROUPS[k]))
    z = [z * (mpf(n) / max(GROUPS)) ** mpf(gamma) + mpf(tau) * log(n / total) for z, n in zip(row.z, GROUPS)]
    return cross_entropy(replace(row, z=tuple(z)))


def seesaw(row, p, q, eps, smoothing=0.0):
    """What is added belongs to the label before smoothing."""
    # What is added has no gradient: it is taken at the point itself, whose logits are whole numbers.
    fixed = replace(row, z=tuple(mp.nint(z) for z in row.z))
    y = row.label

    def added(k):
        mitigation = mpf(p) * min(log(mpf(GROUPS[k]) / GROUPS[y]), 0)
        return mitigation + mpf(q) * max(log(fixed.p[k] / max(fixed.p[y], mpf(eps))), 0)

    changed = replace(row, z=tuple(z if k == y else z + added(k) for k, z in enumerate(row.z)))
    return cross_entropy(changed.smoothed(smoothing))


def equalization(row, threshold):
    total = row.total(lambda k: mpf(GROUPS[k]))

    def term(k):
        shielded = GROUPS[k] / total < threshold
        t = row.t[k]
        weight = 1 - shielded * (1 - t)
        return -weight * (t * log(sigmoid(row.z[k])) + (1 - t) * log(sigmoid(-row.z[k])))

    return row.total(term)


def distribution_balanced(row, gamma, alpha, beta, mu, kappa, scale):
    total = row.total(lambda k: mpf(GROUPS[k]))
    drawn = row.total(lambda k: row.t[k] / GROUPS[k])

    def focal(v):
        return -(sigmoid(-v) ** gamma) * log(sigmoid(v))

    def term(k):
        weight = alpha + sigmoid(beta * (1 / (GROUPS[k] * drawn) - mu))
        u = row.z[k] - mpf(kappa) / scale * log(total / GROUPS[k] - 1)
        return weight * (row.t[k] * focal(u) + (1 - row.t[k]) * focal(-scale * u) / scale)

    return row.total(term) / sum(row.n)


CASES = [
    *cases(lambda n: CBCrossEntropy(beta=0.99, class_counts=n), partial(class_balanced, beta=0.99)),
    *cases(lambda n: CBCrossEntropy(class_counts=n), partial(class_balanced, beta=0.9999)),
    *cases(lambda n: CBFocal(gamma=0.5, class_counts=n), partial(class_balanced, beta=0.9999, gamma=0.5)),
    *cases(lambda n: CBFocal(gamma=2.0, class_counts=n), partial(class_balanced, beta=0.9999, gamma=2)),
    *cases(lambda n: CBSigmoid(class_counts=n), partial(class_balanced_sigmoid, beta=0.9999, gamma=2)),
    *cases(lambda n: LogitAdjusted(class_counts=n), partial(vs, gamma=0, tau=1)),
    *cases(lambda n: LogitAdjusted(tau=1.5, class_counts=n), partial(vs, gamma=0, tau=1.5)),
    *cases(lambda n: BalancedSoftmax(class_counts=n), partial(vs, gamma=0, tau=1)),
    *cases(lambda n: VS(class_counts=n), partial(vs, gamma=0.3, tau=1)),
    *cases(lambda n: VS(gamma=0.25, tau=0.5, class_counts=n), partial(vs, gamma=0.25, tau=0.5)),
    *cases(lambda n: Seesaw(class_counts=n), partial(seesaw, p=0.8, q=2, eps=0.01), soft=False),
    *cases(lambda n: Seesaw(p=0.5, q=0.0, class_counts=n), partial(seesaw, p=0.5, q=0, eps=0.01), soft=False),
    *cases(
        lambda n: Seesaw(class_counts=n, label_smoothing=0.125),
        partial(seesaw, p=0.8, q=2, eps=0.01, smoothing=0.125),
        soft=False,
    ),
    *cases(lambda n: EQL(threshold=0.02, class_counts=n), partial(equalization, threshold=0.02)),
    *cases(
        lambda n: DBLoss(class_counts=n),
        partial(distribution_balanced, gamma=2, alpha=0.1, beta=10, mu=0.2, kappa=0.05, scale=2),
        soft=False,
    ),
    *cases(
        lambda n: DBLoss(gamma=0.5, alpha=0.0, beta=1.0, mu=1.0, kappa=1.0, negative_scale=5.0, class_counts=n),
        partial(distribution_balanced, gamma=0.5, alpha=0, beta=1, mu=1, kappa=1, scale=5),
    ),
]
