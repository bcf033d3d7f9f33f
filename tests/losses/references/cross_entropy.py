"""Cross-entropies and the Kullback-Leibler divergence."""

from functools import partial

from lossexp.losses import BinaryCrossEntropy, CrossEntropy, KLDivergence
from tests.losses.reference import BINARY, BINARY_SOFT, SOFT, Case, log, sigmoid


def cross_entropy(row, smoothing=0.0):
    row = row.smoothed(smoothing)
    return row.total(lambda k: -row.t[k] * log(row.p[k]))


def kl_divergence(row):
    return row.total(lambda k: row.t[k] * log(row.t[k] / row.p[k]) if row.t[k] else 0)


def binary_cross_entropy(row, pos_weight=1.0, smoothing=0.0):
    t = row.t[0] * (1 - smoothing) + smoothing / 2
    return -pos_weight * t * log(sigmoid(row.z[0])) - (1 - t) * log(sigmoid(-row.z[0]))


CASES = [
    Case(CrossEntropy(), cross_entropy),
    Case(CrossEntropy(), cross_entropy, SOFT),
    Case(CrossEntropy(label_smoothing=0.125), partial(cross_entropy, smoothing=0.125)),
    Case(KLDivergence(), kl_divergence),
    Case(KLDivergence(), kl_divergence, SOFT),
    Case(BinaryCrossEntropy(), binary_cross_entropy, BINARY),
    Case(BinaryCrossEntropy(), binary_cross_entropy, BINARY_SOFT),
    Case(BinaryCrossEntropy(pos_weight=3), partial(binary_cross_entropy, pos_weight=3), BINARY),
    Case(BinaryCrossEntropy(label_smoothing=0.125), partial(binary_cross_entropy, smoothing=0.125), BINARY),
]
