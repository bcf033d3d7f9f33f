"""Losses for ordered classes: Cao 2020, Shi 2021, Hou 2016."""

from lossexp.losses import CORAL, CORN, SquaredEMD
from tests.losses.reference import LOGITS, SOFT, Case, Row, log, sigmoid

IMPORTANCE = (0.25, 3.0)


def question(z, answer):
    return -log(sigmoid(z if answer else -z))


def coral(row, importance=(1, 1)):
    return row.total(lambda k: importance[k] * question(row.z[k], row.y > k))


def corn(row):
    return row.total(lambda k: question(row.z[k], row.y > k) if row.y >= k else 0)


def squared_emd(row):
    """Position matters here, so every output is a group of its own."""
    gaps = [sum(row.p[: k + 1]) - sum(row.t[: k + 1]) for k in range(len(row.n))]
    return sum(gap**2 for gap in gaps)


def ordered_rows(num_classes):
    zeros, ones = (0.0,) * (num_classes - 2), (1,) * num_classes
    labels = [tuple(int(k == y) for k in range(num_classes)) for y in (0, 1, num_classes - 1)]
    return [Row((*z, *zeros), ones, t, t.index(1)) for v in LOGITS for z in ((v, 0.0), (v, -v)) for t in labels]


THRESHOLDS = [Row((v, -w), (1, 1), (0, 0), y) for v in LOGITS for w in (0.0, 10.0) for y in (0, 1, 2)]
CASES = [
    Case(CORAL(), coral, THRESHOLDS),
    Case(CORAL(importance=list(IMPORTANCE)), lambda row: coral(row, IMPORTANCE), THRESHOLDS),
    Case(CORN(), corn, THRESHOLDS),
    Case(SquaredEMD(), squared_emd, [*ordered_rows(3), *ordered_rows(12)]),
    Case(SquaredEMD(), squared_emd, SOFT),
]
