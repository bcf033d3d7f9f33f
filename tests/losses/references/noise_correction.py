"""Losses that compare, mix or correct labels: Englesson 2021, Reed 2015, Patrini 2017."""

from functools import partial

from mpmath import lu_solve, matrix, mpf

from lossexp.losses import JS, BackwardCorrection, BootHard, BootSoft, Forward
from tests.losses.reference import MULTICLASS, SOFT, Case, log


def entropy(x):
    return -x * log(x) if x else mpf(0)


def js(row, pi1, smoothing=0.0):
    row, pi1 = row.smoothed(smoothing), mpf(pi1)
    mixed = row.total(lambda k: entropy(pi1 * row.t[k] + (1 - pi1) * row.p[k]))
    label = row.total(lambda k: entropy(row.t[k]))
    predicted = row.total(lambda k: entropy(row.p[k]))
    return (mixed - pi1 * label - (1 - pi1) * predicted) / (-(1 - pi1) * log(1 - pi1))


def boot_soft(row, beta):
    beta = mpf(beta)
    return -row.total(lambda k: (beta * row.t[k] + (1 - beta) * row.p[k]) * log(row.p[k]))


def boot_hard(row, beta):
    top, beta = row.z.index(max(row.z)), mpf(beta)
    cross_entropy = -row.total(lambda k: row.t[k] * log(row.p[k]))
    return beta * cross_entropy - (1 - beta) * log(row.p[top])


def forward(row, rate, smoothing=0.0):
    row, rate = row.smoothed(smoothing), mpf(rate)
    off = rate / (sum(row.n) - 1)
    return -row.total(lambda y: row.t[y] * log((1 - rate) * row.p[y] + off * (1 - row.p[y])) if row.t[y] else 0)


def confused(row):
    observed = [sum(p * mpf(row_of_matrix[y]) for p, row_of_matrix in zip(row.p, CONFUSED)) for y in range(3)]
    return -sum(t * log(p) for t, p in zip(row.t, observed) if t)


def backward(row, rate, smoothing=0.0):
    """`(a I + off 1 1')^-1 = (I - off 1 1') / a`, as the rows of T sum to 1."""
    row, rate = row.smoothed(smoothing), mpf(rate)
    off = rate / (sum(row.n) - 1)
    shared = off * row.total(lambda k: row.t[k])
    return -row.total(lambda k: (row.t[k] - shared) * log(row.p[k])) / (1 - rate - off)


def backward_confused(row):
    """Values of all labels v solve T v = -log p: their mean over noisy labels is the clean cross-entropy."""
    values = lu_solve(matrix(CONFUSED), matrix([-log(p) for p in row.p]))
    return sum(t * v for t, v in zip(row.t, values))


def one_top(rows):
    """Rows with a single largest logit: elsewhere argmax is a kink."""
    return [row for row in rows if sum(n for z, n in zip(row.z, row.n) if z == max(row.z)) == 1]


THREE = [row for row in MULTICLASS if sum(row.n) == 3]
CONFUSED = [[0.75, 0.25, 0.0], [0.0, 1.0, 0.0], [0.125, 0.25, 0.625]]

CASES = [
    *(Case(JS(pi1=w), partial(js, pi1=w)) for w in (0.001, 0.1, 0.5, 0.9)),
    Case(JS(label_smoothing=0.125), partial(js, pi1=0.5, smoothing=0.125)),
    Case(JS(), partial(js, pi1=0.5), SOFT),
    Case(BootSoft(), partial(boot_soft, beta=0.95)),
    Case(BootSoft(beta=0.5), partial(boot_soft, beta=0.5)),
    Case(BootSoft(beta=0.5), partial(boot_soft, beta=0.5), SOFT),
    Case(BootHard(), partial(boot_hard, beta=0.8), one_top(MULTICLASS)),
    Case(BootHard(beta=0.5), partial(boot_hard, beta=0.5), one_top(SOFT)),
    *(Case(Forward(T=rate), partial(forward, rate=rate)) for rate in (0.0, 0.25, 0.2, 0.6)),
    Case(Forward(label_smoothing=0.125), partial(forward, rate=0.2, smoothing=0.125), THREE),
    Case(Forward(T=CONFUSED), confused, THREE),
    Case(Forward(T=CONFUSED), confused, SOFT),
    *(Case(BackwardCorrection(T=rate), partial(backward, rate=rate)) for rate in (0.2, 0.25, 0.6, 0.0)),
    Case(BackwardCorrection(T=0.25), partial(backward, rate=0.25), SOFT),
    Case(BackwardCorrection(label_smoothing=0.125), partial(backward, rate=0.2, smoothing=0.125), THREE),
    Case(BackwardCorrection(T=CONFUSED), backward_confused, THREE),
    Case(BackwardCorrection(T=CONFUSED), backward_confused, SOFT),
]
