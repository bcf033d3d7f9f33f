"""Losses for wrong labels: Zhang 2018, Feng 2020, Ghosh 2017, Wang 2019, Ma 2020, Zhou 2021."""

from functools import partial

from mpmath import mpf

from lossexp.losses import AEL, AGCE, AUL, GCE, NCE, NCEMAE, NCERCE, NFL, NFLRCE, RCE, SCE, MAEProb, Taylor
from tests.losses.reference import MULTICLASS, SOFT, Case, exp, log

LOG_ZERO = mpf(-9.210340371976182)


def gce(row, q, smoothing=0.0):
    row = row.smoothed(smoothing)
    return row.total(lambda k: row.t[k] * (1 - exp(q * log(row.p[k]))) / q)


def taylor(row, order, smoothing=0.0):
    row = row.smoothed(smoothing)
    return row.total(lambda k: row.t[k] * sum((1 - row.p[k]) ** i / mpf(i) for i in range(1, order + 1)))


def mae_prob(row):
    return row.total(lambda k: abs(row.p[k] - row.t[k]))


def rce(row, A=LOG_ZERO, smoothing=0.0):
    row = row.smoothed(smoothing)
    return -row.total(lambda k: row.p[k] * (max(log(row.t[k]), A) if row.t[k] else A))


def sce(row, alpha, beta, A=LOG_ZERO):
    return -alpha * row.total(lambda k: row.t[k] * log(row.p[k])) + beta * rce(row, A)


def nfl(row, gamma, smoothing=0.0):
    row = row.smoothed(smoothing)
    focal = [-((1 - p) ** gamma) * log(p) for p in row.p]
    return row.total(lambda k: row.t[k] * focal[k]) / row.total(lambda k: focal[k])


def nce_rce(row, alpha, beta):
    return alpha * nfl(row, 0) + beta * rce(row)


def agce(row, a, q):
    a, q = mpf(a), mpf(q)
    return row.total(lambda k: row.t[k] * ((a + 1) ** q - (a + row.p[k]) ** q) / q)


def aul(row, a, q):
    a, q = mpf(a), mpf(q)
    return row.total(lambda k: row.t[k] * ((a - row.p[k]) ** q - (a - 1) ** q) / q)


def ael(row, a):
    return row.total(lambda k: row.t[k] * exp(-row.p[k] / mpf(a)))


# With soft labels the gradient of a ratio passes through 0, at logits where nothing is small.
MILD = [row for row in SOFT if max(map(abs, row.z)) <= 1]
CASES = [
    *(Case(GCE(q=q), partial(gce, q=mpf(q))) for q in (0.01, 0.3, 0.7, 1)),
    Case(GCE(), partial(gce, q=mpf(0.7)), SOFT),
    Case(GCE(label_smoothing=0.125), partial(gce, q=mpf(0.7), smoothing=0.125)),
    *(Case(Taylor(order=n), partial(taylor, order=n)) for n in (1, 2, 6)),
    Case(Taylor(order=3), partial(taylor, order=3), SOFT),
    Case(Taylor(label_smoothing=0.125), partial(taylor, order=2, smoothing=0.125)),
    Case(MAEProb(), mae_prob),
    Case(MAEProb(), mae_prob, SOFT),
    Case(RCE(), rce),
    Case(RCE(A=-4), partial(rce, A=-4), SOFT),
    Case(RCE(label_smoothing=0.125), partial(rce, smoothing=0.125)),
    Case(SCE(), partial(sce, alpha=mpf(0.1), beta=1)),
    Case(SCE(alpha=6, beta=0.1, A=-4), partial(sce, alpha=6, beta=0.1, A=-4)),
    Case(SCE(alpha=1, beta=2), partial(sce, alpha=1, beta=2), SOFT),
    Case(NCE(), partial(nfl, gamma=0)),
    Case(NCE(), partial(nfl, gamma=0), MILD),
    *(Case(NFL(gamma=g), partial(nfl, gamma=g)) for g in (0.5, 1, 2, 5)),
    Case(NFL(), partial(nfl, gamma=0.5), MILD),
    Case(NFL(label_smoothing=0.125), partial(nfl, gamma=0.5, smoothing=0.125)),
    Case(NCE(label_smoothing=0.125), partial(nfl, gamma=0, smoothing=0.125)),
    Case(NCERCE(alpha=2, beta=0.5), partial(nce_rce, alpha=2, beta=0.5)),
    Case(NCEMAE(alpha=2, beta=0.5), lambda row: 2 * nfl(row, 0) + mae_prob(row) / 2),
    Case(NFLRCE(), lambda row: nfl(row, 0.5) + rce(row)),
    *(Case(AGCE(a=a, q=q), partial(agce, a=a, q=q)) for a, q in ((0.6, 0.6), (4, 0.2), (0, 0.7), (1e-3, 0.5), (1, 2))),
    Case(AGCE(), partial(agce, a=0.6, q=0.6), SOFT),
    *(Case(AUL(a=a, q=q), partial(aul, a=a, q=q)) for a, q in ((5.5, 3), (3, 0.1), (1.5, 0.9), (1.001, 0.5))),
    Case(AUL(), partial(aul, a=5.5, q=3), SOFT),
    *(Case(AEL(a=a), partial(ael, a=a), rows) for a, rows in ((2.5, MULTICLASS), (0.3, MULTICLASS), (2.5, SOFT))),
]
