"""High-precision references for classification losses, and the grid on which they are compared.

To add a loss: in a module of `tests/losses/references`, write its formula as a function of one `Row` and
list it in that module's `CASES`:

    def brier(row):
        return row.total(lambda k: (row.p[k] - row.t[k]) ** 2)

    CASES = [Case(Brier(), brier)]                        # softmax losses, hard labels, K = 3 and K = 1000
    CASES += [Case(Brier(), brier, SOFT)]                 # the same with soft labels
    CASES += [Case(BinaryFocal(gamma=2), partial(binary_focal, gamma=2), BINARY)]

`test_accuracy.py` finds it there. A formula is written as in the paper, with mpmath numbers and this
module's `exp` and `log`: precision is raised until `1 - p` keeps its digits, and gradients are differences
of it. Outputs that are equal by symmetry are one group of `row.n[k]` outputs, so that K = 1000 costs no more
than K = 3. Where a formula has a kink at a point of the grid, give the case its own `rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from mpmath import mp, mpf

from lossexp.losses import Loss

LOGITS = (0.0, 1.0, -1.0, 10.0, -10.0, 50.0, -50.0, 100.0, -100.0, 1000.0, -1000.0)
STEP_DIGITS = 60  # gradients are forward differences with a step of 10**-60


@dataclass(frozen=True)
class Row:
    """One example.

    z: logits of the groups, mpf in a formula. n: outputs in each group. t: target of each output of a group.
    y: the label as the loss gets it, a class number or a tuple of soft labels.
    """

    z: tuple
    n: tuple[int, ...]
    t: tuple
    y: object

    def total(self, term: Callable[[int], mpf]) -> mpf:
        """Sum of `term(k)` over all outputs, group by group."""
        return sum(n * term(k) for k, n in enumerate(self.n))

    @cached_property
    def p(self) -> list:
        """Softmax probability of each output of a group."""
        top = max(self.z)
        e = [exp(z - top) for z in self.z]
        norm = self.total(lambda k: e[k])
        return [x / norm for x in e]

    @property
    def label(self) -> int:
        """The group of the true class (hard labels)."""
        return self.t.index(1)

    @property
    def p_y(self) -> mpf:
        return self.p[self.label]

    def smoothed(self, e: float) -> Row:
        """The row with targets `t (1 - e) + e / K`."""
        e, num_classes = mpf(e), sum(self.n)
        return replace(self, t=tuple(t * (1 - e) + e / num_classes for t in self.t))

    def logits(self) -> np.ndarray:
        return np.repeat(np.array([float(z) for z in self.z]), self.n)


def multiclass_rows(num_classes: int, logits: Sequence[float] = LOGITS) -> list[Row]:
    """Hard labels: the class with the varied logit, another class, and two varied logits of opposite sign."""
    n = (1, 1, num_classes - 2)
    rows = []
    for v in logits:
        rows.append(Row((v, 0.0, 0.0), n, (1, 0, 0), 0))
        rows.append(Row((v, 0.0, 0.0), n, (0, 1, 0), 1))
        rows.append(Row((v, -v, 0.0), n, (1, 0, 0), 0))
    return rows


def soft_rows(logits: Sequence[float] = LOGITS) -> list[Row]:
    t = (0.7, 0.2, 0.1)
    return [Row(z, (1, 1, 1), t, t) for v in logits for z in ((v, 0.0, 0.0), (0.0, v, -v))]


MULTICLASS = [*multiclass_rows(3), *multiclass_rows(1000)]
SOFT = soft_rows()
BINARY = [Row((v,), (1,), (y,), y) for v in LOGITS for y in (0, 1)]
BINARY_SOFT = [Row((v,), (1,), (y,), y) for v in LOGITS for y in (0.3, 0.9)]


@dataclass(frozen=True)
class Case:
    """A loss, its formula, and the rows on which both are evaluated."""

    loss: Loss
    formula: Callable[[Row], mpf]
    rows: Sequence[Row] = tuple(MULTICLASS)

    def __str__(self) -> str:
        defaults = type(self.loss)().get_config()
        given = {k: v for k, v in self.loss.get_config().items() if v != defaults.get(k)}
        for unimportant in ("name", "class_counts"):
            given.pop(unimportant, None)
        soft = "soft" if isinstance(self.rows[0].y, tuple | float) else ""
        return "-".join([type(self.loss).__name__, *(f"{k}={v}" for k, v in given.items()), soft]).rstrip("-")


def evaluate(case: Case, row: Row) -> tuple[float, np.ndarray]:
    """Value and gradient `[outputs]`, float64, of the formula at the row."""
    exact = tuple(mpf(z) for z in row.z)
    with mp.workdps(int(2.5 * STEP_DIGITS + 0.45 * (max(*exact, 0) - min(*exact, 0)))):
        row = replace(row, z=exact, t=tuple(mpf(t) for t in row.t))
        step = mpf(10) ** -STEP_DIGITS
        value = case.formula(row)
        slopes = []
        for k in range(len(exact)):
            moved = replace(row, z=(*exact[:k], exact[k] + step, *exact[k + 1 :]))
            slopes.append(float((case.formula(moved) - value) / step) / row.n[k])
        return float(value), np.repeat(np.array(slopes), row.n)


def exp(x) -> mpf:
    return _exp(x, mp.prec)


def log(x) -> mpf:
    return _log(x, mp.prec)


def sigmoid(z) -> mpf:
    return 1 / (1 + exp(-z))


# Losses share most of their exponentials and logarithms, which at a thousand digits are the whole cost.
@lru_cache(maxsize=100_000)
def _exp(x, precision: int) -> mpf:
    return mp.exp(x)


@lru_cache(maxsize=100_000)
def _log(x, precision: int) -> mpf:
    return mp.log(x)
