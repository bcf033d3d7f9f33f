"""One score a class, each held against yes or no: van Rooyen 2015, Ghosh 2015, Masnadi-Shirazi 2008, Patrini 2017."""

from functools import partial

from mpmath import mpf

from lossexp.losses import Ramp, Savage, Sigmoid, Unhinged
from tests.losses.reference import MULTICLASS, SOFT, Case, exp, sigmoid


def by_output(row, phi, negatives=None, scores="z"):
    z, num_classes = getattr(row, scores), sum(row.n)
    weight = mpf(1) / (num_classes - 1) if negatives is None else mpf(negatives)
    return row.total(lambda k: row.t[k] * phi(z[k]) + weight * (1 - row.t[k]) * phi(-z[k])) / num_classes


def ramp(z):
    """At beta 0.5 no point of the grid is at a kink."""
    return min(max(1 - z / 2, 0), 2)


def savage(z):
    return 1 / (1 + exp(2 * z)) ** 2


CASES = [
    Case(loss(negatives=negatives), partial(by_output, phi=phi, negatives=negatives), rows)
    for loss, phi in (
        (Unhinged, lambda z: 1 - z),
        (partial(Sigmoid, beta=0.5), lambda z: sigmoid(-z / 2)),
        (partial(Ramp, beta=0.5), ramp),
        (Savage, savage),
    )
    for negatives, rows in ((None, MULTICLASS), (None, SOFT), (1, MULTICLASS), (0, MULTICLASS))
]
CASES += [
    Case(Savage(scores="probabilities", negatives=w), partial(by_output, phi=savage, negatives=w, scores="p"), rows)
    for w, rows in ((0, MULTICLASS), (1, SOFT))
]
