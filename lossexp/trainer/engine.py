"""Compiled training over data that lives on the device: many steps in one call."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from lossexp.datasets.dataset import Split
from lossexp.trainer.step import Batch, train_step


class Totals(NamedTuple):
    """Sums over examples, read back once a call: objective, correct, examples."""

    objective: float = 0.0
    correct: float = 0.0
    examples: float = 0.0

    def __add__(self, other: Totals) -> Totals:
        return Totals(*(a + b for a, b in zip(self, other, strict=True)))


class Engine:
    """Runs training steps over a resident split.

    An epoch is `full` steps of `batch_size` examples and, where the split does not divide, one short
    step. Both shapes are traced once: `steps` takes its range as tensors, so neither the epoch nor the
    number of steps a call retraces it.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: keras.losses.Loss,
        split: Split,
        num_classes: int,
        batch_size: int,
        jit_compile: bool,
    ):
        data = Batch(*(None if a is None else tf.constant(a) for a in (split.x, split.y, split.sample_weight)))
        size = min(batch_size, len(split))
        self.full, self.rest = divmod(len(split), size)
        self.steps_per_epoch = self.full + (self.rest > 0)

        def step(index: tf.Tensor) -> tf.Tensor:
            batch = Batch(*(None if a is None else tf.gather(a, index) for a in data))
            result = train_step(model, optimizer, loss, batch, num_classes)
            examples = tf.cast(tf.shape(index)[0], tf.float64)
            return tf.stack(
                [tf.cast(result.objective, tf.float64) * examples, tf.cast(result.correct, tf.float64), examples]
            )

        @tf.function(jit_compile=jit_compile)
        def steps(order: tf.Tensor, first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
            totals = tf.zeros([3], tf.float64)
            for i in tf.range(first, first + count):
                totals += step(tf.reshape(tf.slice(order, [i * size], [size]), [size]))
            return totals

        @tf.function(jit_compile=jit_compile)
        def last(order: tf.Tensor) -> tf.Tensor:
            return step(order[self.full * size :])

        self._steps, self._last = steps, last

    def run(self, order: np.ndarray, first: int, count: int) -> Totals:
        """Runs steps `first .. first + count - 1` of the epoch with example order `order` (int32 `[n]`)."""
        order = tf.constant(order, tf.int32)
        count_full = max(0, min(first + count, self.full) - first)
        totals = Totals()
        if count_full:
            totals += Totals(*self._steps(order, tf.constant(first), tf.constant(count_full)).numpy().tolist())
        if count > count_full:
            totals += Totals(*self._last(order).numpy().tolist())
        return totals


def release_graphs(optimizer: keras.optimizers.Optimizer) -> None:
    """Keeps a finished job's graphs from staying in memory (about 90 MB a job).

    Keras wraps the update in a distribution-strategy merge call whose trace is never collected. Outside
    of a strategy the merge does nothing, so the plain per-variable update is the same arithmetic.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)

    def update(gradients, variables, learning_rate):
        for gradient, variable in zip(gradients, variables, strict=True):
            inner.update_step(gradient, variable, learning_rate)

    inner._backend_update_step = update
