"""The only training and prediction steps: pure functions of model, optimizer, loss and batch.

They hold no Python state, so the same step serves one step a call, a whole epoch a call, and XLA.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from lossexp.base import links
from lossexp.trainer.loss_scale import is_scaled


class Batch(NamedTuple):
    """x: `[batch, ...]`; y: `[batch]` labels or values; weight: `[batch]` float32 or None."""

    x: tf.Tensor
    y: tf.Tensor
    weight: tf.Tensor | None = None


class StepResult(NamedTuple):
    """Scalars of one step.

    objective: float32, loss plus the model's own penalties. correct: examples right, float32 (0 for
    values). largest: the largest absolute output, float32, NaN if one is not finite. finite: whether objective
    (and gradients, where they are checked) are finite, bool; under loss scaling, whether the scale is still above 1.
    """

    objective: tf.Tensor
    correct: tf.Tensor
    largest: tf.Tensor
    finite: tf.Tensor


class Replica:
    """One device's view of a step; here the only device. `devices.py` has those that share a batch with others.

    Each replica computes a share of the objective, such that the shares of all of them add up to it.
    """

    def part(self, x: tf.Tensor) -> tf.Tensor:
        """The examples of the batch whose outputs this replica computes."""
        return x

    def gather(self, outputs: tf.Tensor) -> tf.Tensor:
        """The outputs of the whole batch, from those of this replica's part."""
        return outputs

    def share(self, value: tf.Tensor, reduction: str) -> tf.Tensor:
        """This replica's share of a loss, from what it gives for the whole batch on every replica."""
        return value

    def local_share(self, value: tf.Tensor) -> tf.Tensor:
        """This replica's share of a mean, from its value on this replica's part."""
        return value

    def total(self, values: Any) -> Any:
        """Sums over replicas."""
        return values


ALONE = Replica()


def encode_labels(y: tf.Tensor, labels: str, num_classes: int) -> tf.Tensor:
    """Stored labels `[batch]` in the encoding a loss asks for (`Loss.labels`)."""
    if labels == "sparse":
        return y
    if labels == "onehot":
        return tf.one_hot(y, num_classes, dtype=tf.float32)
    if labels in ("binary", "values"):
        return tf.cast(y, tf.float32)[:, tf.newaxis]
    raise ValueError(f"labels={labels!r}; expected sparse, onehot, binary or values")


def count_correct(outputs: tf.Tensor, y: tf.Tensor, link: str | dict) -> tf.Tensor:
    """Correctly classified examples, scalar float32; 0 for links that predict values."""
    found = links.named(link)
    if not found.of_classes:
        return tf.zeros([])
    predicted = found.predicted(tf.cast(outputs, tf.float32))
    return tf.reduce_sum(tf.cast(predicted == tf.cast(y, tf.int32), tf.float32))


# As in Keras's own steps, AutoGraph stays out: converting models and losses is slow to trace, and what it
# converts of a loss class keeps the traced graph, and with it the model, in memory for good.
@tf.autograph.experimental.do_not_convert
def train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: keras.losses.Loss,
    batch: Batch,
    num_classes: int,
    check_gradients: bool = False,
    replica: Replica = ALONE,
) -> StepResult:
    """One update. `scale_loss` is the identity except under mixed_float16; `apply` unscales."""
    target = encode_labels(batch.y, loss.labels, num_classes)
    with tf.GradientTape() as tape:
        outputs = model(replica.part(batch.x), training=True)
        penalties = model.losses  # read here: while replicas exchange outputs, another one's call replaces them
        outputs = replica.gather(outputs)
        value = tf.cast(loss(target, outputs, sample_weight=batch.weight), tf.float32)
        share = replica.share(value, loss.reduction)
        if penalties:
            share += replica.local_share(tf.add_n([tf.cast(penalty, tf.float32) for penalty in penalties]))
        scaled = optimizer.scale_loss(share)
    gradients = replica.total(tape.gradient(scaled, model.trainable_variables))
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    objective = replica.total(share)
    finite = tf.math.is_finite(objective)
    if is_scaled(optimizer):
        # A gradient that overflows is an ordinary event, the step is skipped; but not at any scale.
        finite &= optimizer.dynamic_scale >= min(1.0, optimizer.initial_scale)
    elif check_gradients:
        finite &= tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients if g is not None])
    sizes = tf.abs(tf.cast(outputs, tf.float32))
    # XLA's maximum passes NaN over.
    largest = tf.where(tf.reduce_all(tf.math.is_finite(sizes)), tf.reduce_max(sizes), float("nan"))
    return StepResult(objective, count_correct(outputs, batch.y, loss.link), largest, finite)


@tf.autograph.experimental.do_not_convert
def predict_step(model: keras.Model, x: tf.Tensor) -> tf.Tensor:
    """Raw outputs in float32, `[batch, num_outputs]`."""
    return tf.cast(model(x, training=False), tf.float32)
