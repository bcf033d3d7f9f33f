"""Cosines, and margins on them: Wang 2018, Deng 2019, Cao 2019. Logits of +-1000 are tried with a small scale."""

from dataclasses import replace
from functools import partial

from mpmath import mp, mpf

from lossexp.losses import LDAM, ArcFace, CosFace, CosineSimilarity
from tests.losses.reference import MULTICLASS, SOFT, Case, exp, log, multiclass_rows
from tests.losses.references.imbalance import GROUPS, ROWS, class_counts

COSINES = (0.0, 0.25, -0.25, 0.5, -0.5, 0.875, -0.875, 127 / 128, -127 / 128)  # exact in bfloat16
MODERATE = [row for row in MULTICLASS if max(map(abs, row.z)) <= 10]
DIRECTIONS = [replace(row, y=row.t) for row in MULTICLASS if sum(row.n) == 3 and any(row.z)]  # one-hot labels
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


def cosface(row, m, s, smoothing=0.0):
    return margin_softmax(row.smoothed(smoothing), mpf(s), lambda k, c: mpf(m))


def arcface(row, m, s, monotone=False, smoothing=0.0):
    def margin(k, c):
        beyond = monotone and mp.acos(c) + mpf(m) > mp.pi
        return mpf(m) * mp.sin(m) if beyond else c - mp.cos(mp.acos(c) + mpf(m))

    return margin_softmax(row.smoothed(smoothing), mpf(s), margin)


def cosine_similarity(row):
    squares = row.total(lambda k: row.t[k] ** 2) * row.total(lambda k: row.z[k] ** 2)
    return -row.total(lambda k: row.t[k] * row.z[k]) / mp.sqrt(squares)


def ldam(row, max_m, s, smoothing=0.0):
    margins = [mpf(max_m) * (mpf(n) / min(GROUPS)) ** mpf(-0.25) for n in GROUPS]
    return margin_softmax(row.smoothed(smoothing), mpf(s), lambda k, c: margins[k])


CASES = [
    Case(CosFace(), partial(cosface, m=0.35, s=30), MODERATE),
    Case(CosFace(m=0.5, s=1.5), partial(cosface, m=0.5, s=1.5)),
    Case(CosFace(m=0.5, s=1.5), partial(cosface, m=0.5, s=1.5), SOFT),
    Case(ArcFace(), partial(arcface, m=0.5, s=30), COSINE_ROWS),
    Case(ArcFace(m=0.25, s=4.0), partial(arcface, m=0.25, s=4), COSINE_ROWS),
    Case(ArcFace(monotone=True), partial(arcface, m=0.5, s=30, monotone=True), COSINE_ROWS),
    *(
        Case(LDAM(class_counts=class_counts(k)), partial(ldam, max_m=0.5, s=30), rows)
        for k, rows in {k: [r for r in rows if r in MODERATE] for k, rows in ROWS.items()}.items()
    ),
    *(
        Case(LDAM(max_m=0.25, s=1.0, class_counts=class_counts(k)), partial(ldam, max_m=0.25, s=1), rows)
        for k, rows in ROWS.items()
    ),
    Case(LDAM(max_m=0.25, s=1.0, class_counts=class_counts(3)), partial(ldam, max_m=0.25, s=1), SOFT),
    Case(CosFace(m=0.5, s=1.5, label_smoothing=0.125), partial(cosface, m=0.5, s=1.5, smoothing=0.125)),
    Case(ArcFace(label_smoothing=0.125), partial(arcface, m=0.5, s=30, smoothing=0.125), COSINE_ROWS),
    Case(
        LDAM(max_m=0.25, s=1.0, class_counts=class_counts(3), label_smoothing=0.125),
        partial(ldam, max_m=0.25, s=1, smoothing=0.125),
        ROWS[3],
    ),
    Case(CosineSimilarity(), cosine_similarity, DIRECTIONS),
    Case(CosineSimilarity(), cosine_similarity, [row for row in SOFT if any(row.z)]),
]
