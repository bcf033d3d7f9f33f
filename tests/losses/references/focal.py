"""Lin et al. 2017."""

from functools import partial

from lossexp.losses import BinaryFocal, Focal
from tests.losses.reference import BINARY, BINARY_SOFT, MULTICLASS, SOFT, Case, log, sigmoid

GAMMAS = (0.0, 0.5, 1.0, 2.0, 5.0)


def focal(row, gamma, alpha=None, smoothing=0.0):
    row = row.smoothed(smoothing)
    alpha = (1, 1, 1) if alpha is None else alpha
    return row.total(lambda k: -row.t[k] * alpha[k] * (1 - row.p[k]) ** gamma * log(row.p[k]))


def binary_focal(row, gamma, alpha=None, smoothing=0.0):
    t = row.t[0] * (1 - smoothing) + smoothing / 2
    p, q = sigmoid(row.z[0]), sigmoid(-row.z[0])
    weight = 1 if alpha is None else t * alpha + (1 - t) * (1 - alpha)
    return weight * (t * q + (1 - t) * p) ** gamma * -(t * log(p) + (1 - t) * log(q))


three_classes = [row for row in MULTICLASS if sum(row.n) == 3]
CASES = [
    *(Case(Focal(gamma=g), partial(focal, gamma=g)) for g in GAMMAS),
    *(Case(Focal(gamma=g), partial(focal, gamma=g), SOFT) for g in GAMMAS),
    Case(Focal(gamma=2, label_smoothing=0.125), partial(focal, gamma=2, smoothing=0.125)),
    Case(Focal(gamma=0.5, alpha=[0.25, 0.5, 4]), partial(focal, gamma=0.5, alpha=(0.25, 0.5, 4)), three_classes),
    *(Case(BinaryFocal(gamma=g), partial(binary_focal, gamma=g), BINARY) for g in GAMMAS),
    *(Case(BinaryFocal(gamma=g), partial(binary_focal, gamma=g), BINARY_SOFT) for g in GAMMAS),
    Case(BinaryFocal(gamma=0.5, alpha=0.25), partial(binary_focal, gamma=0.5, alpha=0.25), BINARY),
    Case(BinaryFocal(gamma=2, label_smoothing=0.125), partial(binary_focal, gamma=2, smoothing=0.125), BINARY),
]
