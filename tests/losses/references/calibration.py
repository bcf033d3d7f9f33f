"""Losses for calibrated probabilities: Leng 2022."""

from functools import partial

from lossexp.losses import Poly1, Poly1Focal
from tests.losses.reference import SOFT, Case, log


def poly1_focal(row, gamma, epsilon):
    return row.total(
        lambda k: row.t[k] * (1 - row.p[k]) ** gamma * (-log(row.p[k]) + epsilon * (1 - row.p[k]))
    )


CASES = [
    *(Case(Poly1(epsilon=e), partial(poly1_focal, gamma=0, epsilon=e)) for e in (-1, -0.5, 0, 1, 2)),
    Case(Poly1(), partial(poly1_focal, gamma=0, epsilon=1), SOFT),
    *(Case(Poly1Focal(gamma=g), partial(poly1_focal, gamma=g, epsilon=1)) for g in (0.5, 2)),
    Case(Poly1Focal(gamma=2, epsilon=-1), partial(poly1_focal, gamma=2, epsilon=-1)),
    Case(Poly1Focal(), partial(poly1_focal, gamma=2, epsilon=1), SOFT),
]
