"""One sigmoid per label: Ridnik 2021, Su 2022."""

from functools import partial

from mpmath import mpf

from lossexp.losses import ASL, ZLPR, ASLSingle
from tests.losses.reference import MULTICLASS, SOFT, Case, Row, exp, log, sigmoid

MULTI_HOT = [
    Row(z, (1, 1, 1), t, t)
    for v in (0.0, 1.0, -1.0, 10.0, -10.0, 50.0, -50.0, 100.0, -100.0, 1000.0, -1000.0)
    for z, t in (((v, 0.0, -v), (1, 1, 0)), ((v, 2.0, -1.0), (0, 0, 0)), ((v, -3.0, 1.0), (1, 1, 1)))
]


def asymmetric(row, gamma_pos, gamma_neg, clip):
    def term(k):
        z, t = row.z[k], row.t[k]
        p = sigmoid(z)
        shifted = max(p - mpf(clip), 0)
        negative = shifted ** mpf(gamma_neg) * log(sigmoid(-z) if not clip else 1 - shifted)
        return -t * sigmoid(-z) ** mpf(gamma_pos) * log(p) - (1 - t) * negative

    return row.total(term)


def asymmetric_single(row, gamma_pos, gamma_neg, smoothing):
    s = row.smoothed(smoothing).t

    def term(k):
        p, t = row.p[k], row.t[k]
        power = mpf(gamma_pos) * t + mpf(gamma_neg) * (1 - t)
        return -s[k] * ((1 - p) * t + p * (1 - t)) ** power * log(p)

    return row.total(term)


def zlpr(row):
    negatives = row.total(lambda k: (1 - row.t[k]) * exp(row.z[k]))
    positives = row.total(lambda k: row.t[k] * exp(-row.z[k]))
    return log(1 + negatives) + log(1 + positives)


ASYMMETRIES = ((1.0, 4.0, 0.05), (0.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.5, 0.5, 0.2), (2.0, 0.5, 0.001))
CASES = [
    *(
        Case(
            ASL(gamma_pos=a[0], gamma_neg=a[1], clip=a[2]),
            partial(asymmetric, gamma_pos=a[0], gamma_neg=a[1], clip=a[2]),
            rows,
        )
        for a in ASYMMETRIES
        for rows in (MULTICLASS, SOFT, MULTI_HOT)
    ),
    *(
        Case(
            ASLSingle(gamma_pos=g, gamma_neg=h, label_smoothing=e),
            partial(asymmetric_single, gamma_pos=g, gamma_neg=h, smoothing=e),
            rows,
        )
        for g, h, e in ((0.0, 4.0, 0.1), (0.5, 0.5, 0.25), (2.0, 1.0, 0.0))
        for rows in (MULTICLASS, SOFT)
    ),
    Case(ZLPR(), zlpr),
    Case(ZLPR(), zlpr, MULTI_HOT),
]
