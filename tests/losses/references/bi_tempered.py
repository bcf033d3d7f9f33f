"""Amid et al. 2019."""

from functools import partial

from mpmath import mp, mpf

from lossexp.losses import BiTempered
from tests.losses.reference import MULTICLASS, SOFT, Case, log, multiclass_rows


def tempered_softmax(row, t2):
    if t2 == 1:
        return row.p
    z = [x - max(row.z) for x in row.z]

    def p(level):
        bases = [1 + (1 - t2) * (x - level) for x in z]
        return [base ** (1 / (1 - t2)) if base > 0 else mpf(0) for base in bases]

    level, step = mpf(0), mpf(1)
    while abs(step) > mpf(10) ** (-0.9 * mp.dps):  # Newton on a convex, decreasing function, from its left
        values = list(zip(row.n, p(level)))
        step = (sum(n * v for n, v in values) - 1) / sum(n * v**t2 for n, v in values)
        level += step
    return p(level)


def log_t(x, t):
    return log(x) if t == 1 else (x ** (1 - t) - 1) / (1 - t)


def bi_tempered(row, t1, t2, smoothing=0.0):
    t1, t2, num_classes = mpf(t1), mpf(t2), sum(row.n)
    row = row.smoothed(mpf(smoothing) * num_classes / (num_classes - 1))
    p, a = tempered_softmax(row, t2), 2 - t1

    def term(k):
        gap = row.t[k] * (log_t(row.t[k], t1) - log_t(p[k], t1)) if row.t[k] else 0
        return gap - (row.t[k] ** a - p[k] ** a) / a

    return row.total(term)


# Below t2 = 1 the gradient of a label far off is 0.
NARROW = multiclass_rows(3)
MILD = [row for row in MULTICLASS if max(map(abs, row.z)) <= 1]
TEMPERATURES = [(0.8, 1.2), (0.5, 2), (0, 1.5), (1, 1.25), (0.7, 1), (0.9, 1.01), (1, 1), (0.5, 4)]
# At logits of -1000 the probability is 0 in float64, and its power t2 - t1 is not.
NEARLY_CROSS_ENTROPY = [(1, 1.0001), (0.9999, 1), (0.99999, 1.00001), (0.99, 1), (0.95, 1), (0.9995, 0.9999)]
CASES = [
    *(Case(BiTempered(t1=a, t2=b), partial(bi_tempered, t1=a, t2=b)) for a, b in TEMPERATURES),
    *(Case(BiTempered(t1=a, t2=b), partial(bi_tempered, t1=a, t2=b), NARROW) for a, b in NEARLY_CROSS_ENTROPY),
    Case(BiTempered(), partial(bi_tempered, t1=0.8, t2=1.2), SOFT),
    Case(BiTempered(t1=1, t2=1), partial(bi_tempered, t1=1, t2=1), SOFT),
    *(
        Case(BiTempered(t1=a, t2=b), partial(bi_tempered, t1=a, t2=b), MILD)
        for a, b in [(0.25, 0.5), (0.75, 0.5), (0.5, 0.25)]
    ),
    Case(BiTempered(label_smoothing=0.125), partial(bi_tempered, t1=0.8, t2=1.2, smoothing=0.125)),
    Case(BiTempered(t1=1, t2=1, label_smoothing=0.125), partial(bi_tempered, t1=1, t2=1, smoothing=0.125)),
]
