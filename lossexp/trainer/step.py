"""The only training and prediction steps: pure functions of model, optimizer, loss and batch.

They hold no Python state, so the same step serves one step per call, a whole epoch per call, and XLA. A training
step is `forward`, `objective`, `update` and `observe`; a program that trains many models at once replaces the first
and the third.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from lossexp.base import links
from lossexp.losses.base.loss import Loss
from lossexp.trainer.loss_scale import Optimizer, is_scaled
from lossexp.trainer.replicas import ALONE, Replica

Tensor = tf.Tensor


class Batch(NamedTuple):
    """x: `[batch, ...]`; y: labels or values as `Split.y`, `[batch, ...]`; weight: `[batch]` float32 or None."""

    x: Tensor
    y: Tensor
    weight: Tensor | None = None


class Answers(NamedTuple):
    """What the labels of a dataset and the outputs for it mean.

    num_classes: as `Dataset.num_classes`. link: of the outputs, a name of `lossexp.base.links`, or with parameters.
    ignore_class: labels that do not count, or None.
    """

    num_classes: int
    link: str | dict
    ignore_class: int | None = None


class StepResult(NamedTuple):
    """Scalars of one step.

    objective: float32, loss plus the model's own penalties. correct: see `count_correct`. largest: the largest
    absolute output, float32, NaN if one is not finite. finite: whether objective (and gradients, where they are
    checked) are finite, bool; under loss scaling, whether the scale is still above 1.
    """

    objective: Tensor
    correct: Tensor
    largest: Tensor
    finite: Tensor


def encode_labels(y: tf.Tensor, labels: str, num_classes: int) -> tf.Tensor:
    """Stored labels `[batch, ...]` (`Split.y`) in the encoding a loss asks for (`Loss.labels`).

    Several labels or values an example, `[batch, L]`, are one number for each output already.
    """
    if y.shape.rank == 2:
        return tf.cast(y, tf.float32)
    if labels == "sparse":
        return y
    if labels == "onehot":
        return tf.one_hot(y, num_classes, dtype=tf.float32)
    if labels in ("binary", "values"):
        return tf.cast(y, tf.float32)[..., tf.newaxis]
    raise ValueError(f"labels={labels!r}; expected sparse, onehot, binary or values")


def count_correct(outputs: tf.Tensor, y: tf.Tensor, answers: Answers) -> tf.Tensor:
    """Correctly classified examples, scalar float32; 0 for links that predict values.

    Where an example has several labels or pixels, it is the fraction of those of the batch that are right (without
    the class ignored), times the examples.
    """
    found = links.named(answers.link)
    if not found.of_classes:
        return tf.zeros([])
    y = tf.cast(y, tf.int32)
    right = tf.cast(found.predicted(tf.cast(outputs, tf.float32)) == y, tf.float32)
    if y.shape.rank == 1:
        return tf.reduce_sum(right)
    counted = tf.ones_like(right) if answers.ignore_class is None else tf.cast(y != answers.ignore_class, tf.float32)
    fraction = tf.math.divide_no_nan(tf.reduce_sum(right * counted), tf.reduce_sum(counted))
    return fraction * tf.cast(tf.shape(y)[0], tf.float32)


def forward(model: keras.Model, x: Tensor, replica: Replica) -> tuple[Tensor, list[Tensor]]:
    """Outputs `[batch, ..., num_outputs]` of the whole batch, and the model's own penalties, scalars."""
    outputs = model(replica.part(x), training=True)
    penalties = model.losses  # read here: while replicas exchange outputs, another one's call replaces them
    return replica.gather(outputs), penalties


def objective(
    loss: Loss, target: Tensor, outputs: Tensor, weight: Tensor | None, penalties: Sequence[Tensor], replica: Replica
) -> Tensor:
    """This replica's share of the loss plus the penalties, a float32 scalar.

    target: as `loss.labels` says.
    """
    value = tf.cast(loss(target, outputs, sample_weight=weight), tf.float32)
    share = replica.share(value, loss.reduction)
    if penalties:
        share += replica.local_share(tf.add_n([tf.cast(penalty, tf.float32) for penalty in penalties]))
    return share


def update(
    optimizer: Optimizer, variables: Sequence[keras.Variable], share: Tensor, tape: tf.GradientTape, replica: Replica
) -> list[Tensor | None]:
    """Moves the variables against the gradient of all replicas' shares, and returns it.

    share: scaled by `optimizer.scale_loss` within `tape`, which is the identity except under mixed_float16; the
    optimizer divides the gradient by that scale again, the one that is returned is still scaled.
    """
    gradients = replica.total(tape.gradient(share, variables))
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return gradients


def observe(
    objective: Tensor,
    outputs: Tensor,
    y: Tensor,
    answers: Answers,
    optimizer: Optimizer,
    gradients: Sequence[Tensor | None] = (),
) -> StepResult:
    """What is reported of a step. gradients: those to check, none where they are not checked."""
    finite = tf.math.is_finite(objective)
    if is_scaled(optimizer):
        # A gradient that overflows is an ordinary event, the step is skipped; but not at any scale.
        finite &= optimizer.dynamic_scale >= min(1.0, optimizer.initial_scale)
    elif gradients:
        finite &= tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients if g is not None])
    sizes = tf.abs(tf.cast(outputs, tf.float32))
    # XLA's maximum passes NaN over.
    largest = tf.where(tf.reduce_all(tf.math.is_finite(sizes)), tf.reduce_max(sizes), float("nan"))
    return StepResult(objective, count_correct(outputs, y, answers), largest, finite)


# As in Keras's own steps, AutoGraph stays out: converting models and losses is slow to trace, and what it
# converts of a loss class keeps the traced graph, and with it the model, in memory for good.
@tf.autograph.experimental.do_not_convert
def train_step(
    model: keras.Model,
    optimizer: Optimizer,
    loss: Loss,
    batch: Batch,
    answers: Answers,
    check_gradients: bool = False,
    replica: Replica = ALONE,
) -> StepResult:
    """One update of one training."""
    target, variables = encode_labels(batch.y, loss.labels, answers.num_classes), model.trainable_variables
    with tf.GradientTape() as tape:
        outputs, penalties = forward(model, batch.x, replica)
        share = objective(loss, target, outputs, batch.weight, penalties, replica)
        scaled = optimizer.scale_loss(share)
    gradients = update(optimizer, variables, scaled, tape, replica)
    checked = gradients if check_gradients else ()
    return observe(replica.total(share), outputs, batch.y, answers, optimizer, checked)


@tf.autograph.experimental.do_not_convert
def predict_step(model: keras.Model, x: Tensor) -> Tensor:
    """Raw outputs in float32, `[batch, ..., num_outputs]`."""
    return tf.cast(model(x, training=False), tf.float32)
