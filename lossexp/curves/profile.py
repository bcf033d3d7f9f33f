"""A loss of one example along a line of outputs: what its picture shows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lossexp.base import links
from lossexp.losses.base.loss import Loss

MARGINS, ERRORS = (-10.0, 10.0), (-6.0, 6.0)
POINTS = 400  # even, so that 0 is between two points, where many losses have a kink
SCHEDULE = 1000  # epochs of the training that `progress` is a share of


class Profile(NamedTuple):
    """Value and gradient of a loss for one true label, all arrays `[n]`.

    label: the true class, or the true value in regression. x: margin, or error (prediction - truth). p: the
    probability of the true class, None in regression. value: the loss. slope: its derivative by the margin,
    which for softmax is the gradient at the true class's logit; in regression by the model's output.
    """

    label: float
    x: np.ndarray
    p: np.ndarray | None
    value: np.ndarray
    slope: np.ndarray


def is_regression(loss: Loss) -> bool:
    return "regression" in loss.tasks


def default_limits(loss: Loss) -> tuple[float, float]:
    """What to draw of the loss: errors, or margins; of cosines times s all margins, from -s to s."""
    if is_regression(loss):
        return ERRORS
    scale = links.named(loss.link).scale
    return (-scale, scale) if scale else MARGINS


def margins(low: float, high: float) -> np.ndarray:
    """Margins from `low` to `high`, close to each other both as margins and as probabilities."""
    p = np.linspace(0.005, 0.995, POINTS // 2)
    by_probability = np.log(p / (1.0 - p))
    inside = by_probability[(low < by_probability) & (by_probability < high)]
    return np.union1d(np.linspace(low, high, POINTS), inside)


def margin_profile(loss: Loss, at: np.ndarray, label: int, num_classes: int, progress: float = 1.0) -> Profile:
    """A classification loss at the margins `at`, for an example of class `label`.

    The loss's link says what a margin is and what outputs have it (`ClassLink.at_margins`). Where outputs are
    cosines, margins out of their reach give NaN. progress: fraction of the training that is over, for losses with a
    schedule.
    """
    link, at = links.named(loss.link), np.asarray(at, np.float64)
    outputs = link.at_margins(at, label, num_classes)
    directions = link.at_margins(at + 1.0, label, num_classes) - outputs
    y_true = _class_label(loss, label, num_classes)
    value, gradient = _evaluate(loss, outputs, y_true, progress)
    slope = (gradient * directions).sum(axis=1)
    p = link.probabilities(outputs)[:, label]
    if loss.head == "cosine":
        beyond = np.abs(outputs).max(axis=1) > 1.0
        value, slope = np.where(beyond, np.nan, value), np.where(beyond, np.nan, slope)
    return Profile(label, at, p, value, slope)


def error_profile(loss: Loss, at: np.ndarray, target: float, progress: float = 1.0) -> Profile:
    """A regression loss at the errors `at` (prediction - target).

    Predictions that the loss's link cannot give are left out. A predicted spread is 1.
    """
    link, predicted = links.named(loss.link), target + np.asarray(at, np.float64)
    if link.positive:
        at, predicted = at[predicted > 0], predicted[predicted > 0]
    value, gradient = _evaluate(loss, link.at_values(predicted), np.full([1, 1], target, np.float32), progress)
    return Profile(target, at, None, value, gradient[:, 0])


def _class_label(loss: Loss, label: int, num_classes: int) -> np.ndarray:
    """The label of a batch of one, in the encoding the loss asks for."""
    if loss.labels == "onehot":
        return np.eye(num_classes, dtype=np.float32)[[label]]
    return np.array([[label]], np.float32) if loss.labels == "binary" else np.array([label])


def _evaluate(loss: Loss, outputs: np.ndarray, y_true: np.ndarray, progress: float) -> tuple[np.ndarray, np.ndarray]:
    """Values `[n]` and gradients `[n, outputs]`, each example alone in its batch.

    Alone, because some losses compare the examples of a batch; and with the state the loss has now, since a
    gradient may count as training.
    """
    if not len(outputs):
        return np.zeros([0]), np.zeros(outputs.shape)
    loss.on_epoch(min(int(progress * SCHEDULE), SCHEDULE - 1), SCHEDULE)
    state = [(variable, variable.numpy()) for variable in loss.variables]
    y_true, outputs = tf.constant(y_true), tf.constant(outputs, tf.float32)
    loss.call(y_true, outputs[:1])  # what it cannot take is said more clearly outside a graph

    def alone(output):
        for variable, initial in state:
            variable.assign(initial)
        batch = output[tf.newaxis]
        with tf.GradientTape() as tape:
            tape.watch(batch)
            value = loss.call(y_true, batch)
        return value[0], tape.gradient(value, batch)[0]

    @tf.function(autograph=False)
    def evaluate(outputs):
        return tf.map_fn(alone, outputs, fn_output_signature=(tf.float32, tf.float32), parallel_iterations=1)

    # A function for each loss is meant; called directly, they would be warned about as retracing.
    values, gradients = evaluate.get_concrete_function(outputs)(outputs)
    for variable, initial in state:
        variable.assign(initial)
    return values.numpy().astype(np.float64), gradients.numpy().astype(np.float64)
