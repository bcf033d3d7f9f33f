"""Margins on cosines: Wang 2018, Deng 2019, Cao 2019. Logits of +-1000 are tried with a small scale."""

from functools import partial

from mpmath import mp, mpf

from lossexp.losses import LDAM, ArcFace, CosFace
from tests.losses.reference import MULTICLASS, SOFT, Case, exp, log, multiclass_rows
from tests.losses.references.imbalance import GROUPS, ROWS, class_counts

COSINES = (0.0, 0.25, -0.25, 0.5, -0.5, 0.875, -0.875, 127 / 128, -127 / 128)  # exact in bfloat16
MODERATE = [row for row in MULTICLASS if max(map(abs, row.z)) <= 10]
COSINE_ROWS = [*multiclass_rows(3, COSINES), *multiclass_rows(1000, COSINES)]


def margin_softmax(row, s, margin):
    """`margin(k, z_k)` comes off the logit of class k where k is the label."""

    def term(k):
        if not row.t[k]:
            return mpf(0)
        true = exp(s * (row.z[k] - margin(k, row.z[k])))
        rest = row.total(lambda j: exp(s * row.z[j])) - exp(s * row.z[k])
        return -row.t[k] * log(true / (true + rest))

    spread = s * (max(row.z) - min(row.z) + 2)
    with mp.workdps(int(mp.dps + 0.45 * spread)):
        return row.total(term)


def cosface(row, m, s):
    return margin_softmax(row, mpf(s), lambda k, c: mpf(m))


def arcface(row, m, s, monotone=False):
    def margin(k, c):
        beyond = monotone and mp.acos(c) + mpf(m) > mp.pi
        return mpf(m) * mp.sin(m) if beyond else c - mp.cos(mp.acos(c) + mpf(m))

    return margin_softmax(row, mpf(s), margin)


def ldam(row, max_m, s):
    margins = [mpf(max_m) * (mpf(n) / min(GROUPS)) ** mpf(-0.25) for n in GROUPS]
    return margin_softmax(row, mpf(s), lambda k, c: margins[k])


CASES = [
    Case(CosFace(), partial(cosface, m=0.35, s=30), MODERATE),
    Case(CosFace(0.5, 1.5), partial(cosface, m=0.5, s=1.5)),
    Case(CosFace(0.5, 1.5), partial(cosface, m=0.5, s=1.5), SOFT),
    Case(ArcFace(), partial(arcface, m=0.5, s=30), COSINE_ROWS),
    Case(ArcFace(m=0.25, s=4.0), partial(arcface, m=0.25, s=4), COSINE_ROWS),
    Case(ArcFace(monotone=True), partial(arcface, m=0.5, s=30, monotone=True), COSINE_ROWS),
    *(
        Case(LDAM(class_counts=class_counts(k)), partial(ldam, max_m=0.5, s=30), rows)
        for k, rows in {k: [r for r in rows if r in MODERATE] for k, rows in ROWS.items()}.items()
    ),
    *(
        Case(LDAM(0.25, 1.0, class_counts=class_counts(k)), partial(ldam, max_m=0.25, s=1), rows)
        for k, rows in ROWS.items()
    ),
    Case(LDAM(0.25, 1.0, class_counts=class_counts(3)), partial(ldam, max_m=0.25, s=1), SOFT),
]
