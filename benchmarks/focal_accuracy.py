"""How exact focal losses are in float32: ours, Keras's, and those of usual formulas, against mpmath.

Prints a table in Markdown. Grid and reference are those of `tests/losses/reference.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.markdown import Markdown

from lossexp import losses
from tests.losses.reference import BINARY, Case, Row, evaluate, multiclass_rows
from tests.losses.references import focal as formulas

GAMMAS = (0.0, 0.5, 1.0, 2.0, 5.0)
COUNTED = 1e-30  # smaller true numbers may be rounded to 0
NOTICED = 1e-3  # a true gradient of this size that comes out as 0 is an example that is not learnt


class Score(NamedTuple):
    """Worst relative errors, and how many gradients are not finite, or 0 where the true one is not.

    Pairs: of all true numbers above COUNTED, and of those above NOTICED.
    """

    value_error: tuple[float, float]
    gradient_error: tuple[float, float]
    dead: tuple[int, int]
    not_finite: int
    gradients: int


def torchvision_formula(y, z, gamma):
    """The formula of `torchvision.ops.sigmoid_focal_loss`, which other libraries share."""
    y = tf.cast(y, tf.float32)[:, tf.newaxis]
    p = tf.sigmoid(z)
    p_t = p * y + (1.0 - p) * (1.0 - y)
    return (tf.nn.sigmoid_cross_entropy_with_logits(y, z) * (1.0 - p_t) ** gamma)[:, 0]


def log_softmax_formula(y, z, gamma):
    log_p = tf.gather(tf.nn.log_softmax(z), y, batch_dims=1)
    return -((1.0 - tf.exp(log_p)) ** gamma) * log_p


def keras_binary(y, z, gamma, from_logits):
    loss = keras.losses.BinaryFocalCrossentropy(gamma=gamma, from_logits=from_logits)
    return loss.call(tf.cast(y, tf.float32)[:, tf.newaxis], z if from_logits else tf.sigmoid(z))


def keras_categorical(y, z, gamma, from_logits):
    loss = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=gamma, from_logits=from_logits)
    return loss.call(tf.one_hot(y, z.shape[-1]), z if from_logits else tf.nn.softmax(z))


BINARY_LOSSES = {
    "lossexp `BinaryFocal`": lambda y, z, g: losses.BinaryFocal(gamma=g).call(y, z),
    "Keras `BinaryFocalCrossentropy(from_logits=True)`": lambda y, z, g: keras_binary(y, z, g, True),
    "Keras `BinaryFocalCrossentropy()` of `tf.sigmoid`": lambda y, z, g: keras_binary(y, z, g, False),
    "torchvision's formula": torchvision_formula,
}
MULTICLASS_LOSSES = {
    "lossexp `Focal`": lambda y, z, g: losses.Focal(gamma=g).call(y, z),
    "Keras `CategoricalFocalCrossentropy(from_logits=True)`": lambda y, z, g: keras_categorical(y, z, g, True),
    "Keras `CategoricalFocalCrossentropy()` of `tf.nn.softmax`": lambda y, z, g: keras_categorical(y, z, g, False),
    "`log_softmax`, then `(1 - exp(l))^gamma * -l`": log_softmax_formula,
}
GRIDS = {
    "binary": (BINARY_LOSSES, BINARY, formulas.binary_focal),
    "3 classes": (MULTICLASS_LOSSES, multiclass_rows(3), formulas.focal),
    "1000 classes": (MULTICLASS_LOSSES, multiclass_rows(1000), formulas.focal),
}


def table() -> str:
    """The table in Markdown."""
    lines = [
        "| grid | implementation | error of values | error of gradients | dead gradients | NaN or infinite |",
        "|---|---|---|---|---|---|",
    ]
    for grid, (implementations, rows, formula) in GRIDS.items():
        truth = reference(rows, formula)
        for name, function in implementations.items():
            lines.append(f"| {grid} | {name} | " + " | ".join(_cells(score(function, rows, truth))) + " |")
    return "\n".join(lines)


def score(function: Callable, rows: Sequence[Row], truth: tuple[np.ndarray, np.ndarray]) -> Score:
    """Of `function(y, z, gamma)` on all rows and gammas: the worst of eager, graph and XLA."""
    labels = tf.constant([row.y for row in rows])
    logits = tf.constant(np.stack([row.logits() for row in rows]), tf.float32)

    def evaluate_all(y, z):
        values, gradients = zip(*(_value_and_gradient(function, y, z, gamma) for gamma in GAMMAS))
        return tf.stack(values), tf.stack(gradients)

    graphs = (tf.function(evaluate_all, jit_compile=compiled) for compiled in (False, True))
    ways = (evaluate_all, *(graph.get_concrete_function(labels, logits) for graph in graphs))
    scores = [_compare(*way(labels, logits), *truth) for way in ways]
    return Score(*(np.max(column, axis=0).tolist() for column in zip(*scores)))


def reference(rows: Sequence[Row], formula: Callable) -> tuple[np.ndarray, np.ndarray]:
    """True values `[gammas, n]` and gradients `[gammas, n, outputs]`."""
    values, gradients = [], []
    for gamma in GAMMAS:
        case = Case(losses.CrossEntropy(), partial(formula, gamma=gamma))
        value, gradient = zip(*(evaluate(case, row) for row in rows))
        values.append(value)
        gradients.append(gradient)
    return np.array(values), np.array(gradients)


def _value_and_gradient(function: Callable, y, z, gamma: float):
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = function(y, z, gamma)
    return value, tape.gradient(value, z)


def _compare(value, gradient, true_value: np.ndarray, true_gradient: np.ndarray) -> Score:
    value, gradient = value.numpy().astype(np.float64), gradient.numpy().astype(np.float64)
    limits = (COUNTED, NOTICED)
    return Score(
        value_error=tuple(_worst(value, true_value, limit) for limit in limits),
        gradient_error=tuple(_worst(gradient, true_gradient, limit) for limit in limits),
        dead=tuple(int(((gradient == 0) & (np.abs(true_gradient) > limit)).sum()) for limit in limits),
        not_finite=int((~np.isfinite(gradient)).sum()),
        gradients=gradient.size,
    )


def _worst(got: np.ndarray, true: np.ndarray, limit: float) -> float:
    """Largest relative error of the finite ones."""
    counted = np.isfinite(got) & (np.abs(true) > limit)
    return float((np.abs(got - true)[counted] / np.abs(true)[counted]).max())


def _cells(score: Score) -> list[str]:
    errors = [" / ".join(f"{error:.0e}" for error in pair) for pair in score[:2]]
    dead = " / ".join(f"{count:,}" for count in score.dead)
    return [*errors, dead, f"{score.not_finite:,} of {score.gradients:,}"]


if __name__ == "__main__":
    text = table()
    console = Console()
    console.print(Markdown(text)) if console.is_terminal else print(text)
