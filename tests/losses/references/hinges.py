"""Hinges and overlaps. Rows of the multi-class hinges have no ties, where they have no gradient."""

from functools import partial

from mpmath import mpf

from lossexp.losses import (
    CategoricalHinge,
    CrammerSinger,
    Dice,
    FocalTversky,
    Hinge,
    SquaredHinge,
    Tversky,
)
from tests.losses.reference import BINARY, BINARY_SOFT, LOGITS, MULTICLASS, SOFT, Case, Row

UNTIED = [Row((v, 3.0, -2.0), (1, 1, 1), t, t.index(1)) for v in LOGITS for t in ((1, 0, 0), (0, 1, 0), (0, 0, 1)) if v]


def hinge(row, margin, power):
    return max(mpf(margin) - (2 * row.t[0] - 1) * row.z[0], 0) ** power


def categorical_hinge(row, margin):
    others = max((1 - t) * z for t, z in zip(row.t, row.z))
    return max(others - row.total(lambda k: row.t[k] * row.z[k]) + mpf(margin), 0)


def crammer_singer(row, margin):
    others = max(z for t, z in zip(row.t, row.z) if not t)
    return max(others - row.z[row.label] + mpf(margin), 0)


def tversky(row, alpha, beta, smooth=0, exponent=1):
    true = row.total(lambda k: row.t[k] * row.p[k])
    errors = row.total(lambda k: alpha * (1 - row.t[k]) * row.p[k] + beta * row.t[k] * (1 - row.p[k]))
    return (errors / (true + errors + smooth)) ** exponent


def dice(row, smooth=0):
    both = row.total(lambda k: row.t[k] + row.p[k])
    return 1 - (2 * row.total(lambda k: row.t[k] * row.p[k]) + smooth) / (both + smooth)


CASES = [
    *(
        Case(loss(margin=0.5), partial(hinge, margin=0.5, power=power), rows)
        for loss, power in ((Hinge, 1), (SquaredHinge, 2))
        for rows in (BINARY, BINARY_SOFT)
    ),
    Case(CategoricalHinge(margin=0.5), partial(categorical_hinge, margin=0.5), UNTIED),
    Case(CrammerSinger(margin=0.5), partial(crammer_singer, margin=0.5), UNTIED),
    *(Case(Dice(), dice, rows) for rows in (MULTICLASS, SOFT)),
    *(Case(Dice(smooth=0.5), partial(dice, smooth=0.5), rows) for rows in (MULTICLASS, SOFT)),
    *(Case(Tversky(alpha=0.25, beta=0.5), partial(tversky, alpha=0.25, beta=0.5), r) for r in (MULTICLASS, SOFT)),
    Case(Tversky(alpha=3.0, beta=0.0, smooth=2.0), partial(tversky, alpha=3, beta=0, smooth=2)),
    *(
        Case(
            FocalTversky(exponent=0.75, alpha=0.25, beta=0.5),
            partial(tversky, alpha=0.25, beta=0.5, exponent=mpf(0.75)),
            rows,
        )
        for rows in (MULTICLASS, SOFT)
    ),
]
