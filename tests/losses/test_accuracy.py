"""Every classification loss against mpmath, on logits up to +-1000: eager, graph, XLA, half precision.

`LOSSEXP_ERRORS=1` prints the worst relative errors.
"""

from __future__ import annotations

import os
from collections import defaultdict

import numpy as np
import pytest
import tensorflow as tf

from lossexp.losses import CORAL, GCE, JS, LDAM, NFL, BinaryFocal, BiTempered, CrossEntropy, Dice, Focal
from tests.losses.reference import Case, evaluate
from tests.losses.references import CASES

VALUE_TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-4, 1e-7  # relative to the largest true component of the example's gradient, and absolute
SMALLEST = 1e-37  # float32 flushes below 1.2e-38
DEAD = 1e-6  # a true gradient above this must not become zero
COMPILED = (CORAL, GCE, JS, LDAM, NFL, BinaryFocal, BiTempered, CrossEntropy, Dice, Focal)  # all others: slow
HALF = {"float16": (1e-3, 2e-7), "bfloat16": (8e-3, 1e-7)}  # rounding of a gradient: relative, absolute


def first_of_each_class() -> list[Case]:
    """Compiling costs seconds: by default one case of each of `COMPILED`, but every gamma of focal loss."""
    chosen = {}
    for case in CASES:
        if isinstance(case.loss, COMPILED):
            chosen.setdefault(str(case) if isinstance(case.loss, Focal) else type(case.loss), case)
    return list(chosen.values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_eager(case: Case):
    batches = [batch(case, rows) for rows in same_width(case)]
    check(case, batches, [value_and_gradient(case.loss, y, z) for z, y, _, _ in batches], "eager")
    for dtype in HALF:
        check_half(case, batches, dtype)


@pytest.mark.parametrize("case", first_of_each_class(), ids=str)
def test_graph_and_xla(case: Case):
    """On the narrowest rows: three classes, or one output."""
    check_compiled(case, same_width(case)[:1])


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_graph_and_xla_of_every_case(case: Case):
    check_compiled(case, same_width(case))


def check_compiled(case: Case, rows_by_width: list[list]) -> None:
    batches = [batch(case, rows) for rows in rows_by_width]
    for compiled in (False, True):

        @tf.function(jit_compile=compiled, autograph=False)
        def together(inputs):
            return [value_and_gradient(case.loss, y, z) for z, y in inputs]

        results = together([(z, y) for z, y, _, _ in batches])
        check(case, batches, results, "XLA" if compiled else "graph")


def check_half(case: Case, batches: list, dtype: str) -> None:
    """All logits of the grid are exact in both half types; only the gradient is rounded on its way back."""
    relative, absolute = HALF[dtype]
    for z, y, values, slopes in batches:
        value, gradient = value_and_gradient(case.loss, y, tf.cast(z, dtype))
        assert value.dtype == tf.float32
        assert gradient.dtype == dtype
        np.testing.assert_allclose(value, values, VALUE_TOLERANCE, SMALLEST, err_msg=dtype)
        check_gradient(gradient, slopes, relative, absolute, dtype)


def same_width(case: Case) -> list[list]:
    widths = defaultdict(list)
    for row in case.rows:
        widths[sum(row.n)].append(row)
    return list(widths.values())


def batch(case: Case, rows: list) -> tuple[tf.Tensor, tf.Tensor, np.ndarray, np.ndarray]:
    """Logits, labels, reference values and reference gradients of rows of one width."""
    values, slopes = zip(*(evaluate(case, row) for row in rows))
    logits = tf.constant(np.stack([row.logits() for row in rows]), tf.float32)
    return logits, tf.constant([row.y for row in rows]), np.array(values), np.stack(slopes)


def value_and_gradient(loss, y, z):
    """`call` and not `__call__`: the dtype of logits and labels must not matter there either."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss.call(y, z)
    return value, tape.gradient(value, z)


def check(case, batches, results, mode: str) -> None:
    for (_, _, values, slopes), (value, gradient) in zip(batches, results):
        value, gradient = value.numpy().astype(np.float64), gradient.numpy().astype(np.float64)
        assert value.shape == values.shape
        assert np.isfinite(value).all(), mode
        assert np.isfinite(gradient).all(), mode
        assert not ((gradient == 0) & (np.abs(slopes) > DEAD)).any(), f"{mode}: dead gradient"
        if os.environ.get("LOSSEXP_ERRORS"):
            errors = f"{worst(value, values):.1e} {worst(gradient, slopes):.1e}"
            print(f"\n{case} K={gradient.shape[1]} {mode}: {errors}")
        np.testing.assert_allclose(value, values, VALUE_TOLERANCE, SMALLEST, err_msg=mode)
        check_gradient(gradient, slopes, *GRADIENT_TOLERANCE, mode)


def check_gradient(gradient, slopes: np.ndarray, relative: float, absolute: float, mode: str) -> None:
    """By the example's largest component: what is far smaller moves no weight."""
    error = np.abs(np.asarray(gradient, np.float64) - slopes).max(axis=-1)
    allowed = relative * np.abs(slopes).max(axis=-1) + absolute
    wrong = np.flatnonzero(error > allowed)
    assert not wrong.size, f"{mode}: rows {wrong} are off by {error[wrong]}, where {allowed[wrong]} is allowed"


def worst(got: np.ndarray, true: np.ndarray) -> float:
    large = np.abs(true).max(axis=-1) > SMALLEST if true.ndim > 1 else np.abs(true) > SMALLEST
    got, true = got[large].reshape(large.sum(), -1), true[large].reshape(large.sum(), -1)
    return float((np.abs(got - true).max(axis=-1) / np.abs(true).max(axis=-1)).max(initial=0.0))
