"""Compiled training over data that lives on the device: many steps in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lossexp.trainer.residence import Residence
from lossexp.trainer.step import Batch, StepResult

# Operations with a state of their own, outside of variables: random numbers of `tf.random`, and calls of Python.
UNKEPT = {
    "RandomUniform",
    "RandomUniformInt",
    "RandomStandardNormal",
    "TruncatedNormal",
    "ParameterizedTruncatedNormal",
    "RandomShuffle",
    "RandomGamma",
    "RandomPoissonV2",
    "Multinomial",
    "PyFunc",
    "EagerPyFunc",
}


class Totals(NamedTuple):
    """Sums over the examples of an epoch so far: float64 tensors in the graph, read back once per call.

    objective, correct, examples: sums. bad_step: the first step whose objective was not finite, or -1.
    bad_logit: the largest absolute output at that step, NaN where outputs were not finite. last_logit: the same at
    the last step before it, or at the last of all.
    """

    objective: float | tf.Tensor = 0.0
    correct: float | tf.Tensor = 0.0
    examples: float | tf.Tensor = 0.0
    bad_step: float | tf.Tensor = -1.0
    bad_logit: float | tf.Tensor = 0.0
    last_logit: float | tf.Tensor = 0.0


class Engine:
    """Runs training steps over a split, wherever it resides.

    An epoch is `full` steps of `batch_size` examples and, where the split does not divide, one short
    step. Both shapes are traced once: `steps` takes its range as tensors, so neither the epoch nor the
    number of steps per call retraces it, nor compiles it anew. Sums continue from what they were, inside the
    graph, so that how an epoch is cut into calls changes no bit of them.

    train: one training step. It may be any function of a batch whose effects are on variables alone.
    """

    def __init__(self, train: Callable[[Batch], StepResult], data: Residence, jit_compile: bool):
        self.jit_compile = jit_compile
        self.batch_size = size = data.batch_size
        self.full, self.rest = divmod(data.size, size)
        self.steps_per_epoch = data.steps
        self._data = data
        self.unkept: set[str] = set()
        self.handles: list[tf.Tensor] = []  # of variables and other resources that the step uses

        @tf.autograph.experimental.do_not_convert
        def step(arrays: Batch, index: tf.Tensor, number: tf.Tensor, totals: Totals) -> Totals:
            batch = Batch(*(None if a is None else tf.gather(a, index) for a in arrays))
            result = train(batch)
            self._note_operations()
            return _added(totals, result, tf.shape(index)[0], number)

        @tf.function(jit_compile=jit_compile)
        def steps(arrays, order, offset, first, count, sums):
            totals = Totals(*tf.unstack(sums))
            i, end = first, first + count
            while i < end:  # not tf.range: XLA makes constants of its bounds and compiles for each pair of them
                index = tf.reshape(tf.slice(order, [(i - offset) * size], [size]), [size])
                totals = step(arrays, index, i, totals)
                i += 1
            return tf.stack(totals)

        @tf.function(jit_compile=jit_compile)
        def last(arrays, order, offset, sums):
            index = tf.reshape(tf.slice(order, [(self.full - offset) * size], [self.rest]), [self.rest])
            return tf.stack(step(arrays, index, tf.constant(self.full), Totals(*tf.unstack(sums))))

        self._steps, self._last = steps, last

    def run(self, order: np.ndarray, first: int, count: int, totals: Totals | None = None) -> Totals:
        """Runs steps `first .. first + count - 1` of the epoch with example order `order` (int `[n]`).

        totals: of the epoch so far. Returns them with these steps added.
        """
        sums = tf.constant(totals or Totals(), tf.float64)
        end = first + count
        while first < end:
            now = min(end - first, self._data.steps_from(first))
            sums = self._run(order, first, now, sums)
            first += now
        return Totals(*sums.numpy().tolist())

    def _run(self, order: np.ndarray, first: int, count: int, sums: tf.Tensor) -> tf.Tensor:
        """Steps that one window of the data serves."""
        full = max(0, min(first + count, self.full) - first)
        arrays, order, offset = self._data.window(order, first)
        if full:
            sums = self._steps(arrays, order, offset, tf.constant(first), tf.constant(full), sums)
        if count > full:
            sums = self._last(arrays, order, offset, sums)
        return sums

    def _note_operations(self) -> None:
        """Notes what the step being traced uses that no checkpoint may hold."""
        if not tf.executing_eagerly():
            graph = tf.compat.v1.get_default_graph()
            self.unkept |= UNKEPT & _operations(graph)
            self.handles += [outside for outside, _ in graph.captures if outside.dtype == tf.resource]


def _operations(graph: tf.Graph) -> set[str]:
    """Kinds of all operations of a graph and of the functions that it calls."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    return {node.op for node in nodes}


def _added(totals: Totals, result: StepResult, examples: tf.Tensor, number: tf.Tensor) -> Totals:
    """Totals, float64 scalars, with one step added."""
    number, examples = tf.cast(number, tf.float64), tf.cast(examples, tf.float64)
    largest = tf.cast(result.largest, tf.float64)
    good_so_far = totals.bad_step < 0
    first_bad = good_so_far & ~result.finite
    return Totals(
        objective=totals.objective + tf.cast(result.objective, tf.float64) * examples,
        correct=totals.correct + tf.cast(result.correct, tf.float64),
        examples=totals.examples + examples,
        bad_step=tf.where(first_bad, number, totals.bad_step),
        bad_logit=tf.where(first_bad, largest, totals.bad_logit),
        last_logit=tf.where(good_so_far & result.finite, largest, totals.last_logit),
    )
