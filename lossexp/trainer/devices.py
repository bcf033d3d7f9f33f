"""One device or several: where a step runs, and how replicas work on one batch together."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import keras
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.trainer.loss_scale import unscaled
from lossexp.trainer.step import Batch, Replica, StepResult

log = logging.getLogger(__name__)

Strategy = Literal["none", "mirrored"]


class OneDevice:
    """The default device, without a distribution strategy."""

    count = 1

    def scope(self) -> AbstractContextManager:
        """The block in which model, optimizer and loss must make their variables."""
        return nullcontext()

    @tf.autograph.experimental.do_not_convert
    def run(self, step: Callable[[Batch, Replica], StepResult], batch: Batch) -> StepResult:
        """`step` on the whole batch."""
        return step(batch, Replica())

    def check(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Any optimizer can work on one device."""

    def prepare(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Keeps a finished job's graphs from staying in memory (about 90 MB a job).

        Keras wraps the update in a distribution-strategy merge call whose trace is never collected. Outside
        of a strategy the merge does nothing, so the plain per-variable update is the same arithmetic.
        """
        inner = unscaled(optimizer)

        def update(gradients, variables, learning_rate):
            for gradient, variable in zip(gradients, variables, strict=True):
                inner.update_step(gradient, variable, learning_rate)

        inner._backend_update_step = update


@functools.cache
def mirrored_strategy() -> tf.distribute.MirroredStrategy:
    """The one strategy of this process: two of them would number their exchanges alike and mix them up."""
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


class Mirrored:
    """`tf.distribute.MirroredStrategy` over all GPUs, or over all logical CPU devices where there is no GPU."""

    def __init__(self):
        self._strategy = mirrored_strategy()
        self.count = self._strategy.num_replicas_in_sync
        if self.count == 1:
            log.warning("trainer.strategy=mirrored finds one device only, so it changes nothing.")

    def scope(self) -> AbstractContextManager:
        """The block in which model, optimizer and loss must make their variables."""
        return self._strategy.scope()

    @tf.autograph.experimental.do_not_convert
    def run(self, step: Callable[[Batch, Replica], StepResult], batch: Batch) -> StepResult:
        """`step` on every replica; their results are equal, so the first one's is returned."""
        size = batch.x.shape[0]
        kind = MirroredReplica if size >= self.count else RepeatingReplica
        results = self._strategy.run(lambda b: step(b, kind(size)), args=(batch,))
        return StepResult(*(self._strategy.experimental_local_results(value)[0] for value in results))

    def check(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Raises InputError for what Keras does every few steps: its condition cannot hold all replicas' update."""
        for name in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
            if getattr(unscaled(optimizer), name):
                raise InputError(
                    f"trainer.strategy=mirrored cannot be combined with optimizer.{name}: TensorFlow cannot "
                    "synchronise replicas inside a condition. Set it to null, or use trainer.strategy=none."
                )

    def prepare(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Updates every replica's variables with gradients that are summed already.

        Keras sums them itself, but after clipping, which would clip by the norm of a part of the batch.
        """
        inner = unscaled(optimizer)

        def update(gradients, variables, learning_rate):
            def everywhere(strategy, gradients):
                for gradient, variable in zip(gradients, variables, strict=True):
                    strategy.extended.update(
                        variable.value,
                        lambda v, g: inner.update_step(g, v, learning_rate),
                        args=(gradient,),
                        group=False,
                    )

            tf.__internal__.distribute.interim.maybe_merge_call(everywhere, tf.distribute.get_strategy(), gradients)

        inner._backend_update_step = update


class RepeatingReplica(Replica):
    """A replica that works on the whole batch, as all others do: for a batch with fewer examples than replicas."""

    def __init__(self, size: int):
        self._context = tf.distribute.get_replica_context()
        self._size = size

    def share(self, value: tf.Tensor, reduction: str) -> tf.Tensor:
        # Inside a strategy Keras's means are divided by the number of replicas already; its sums are not.
        return value / self._context.num_replicas_in_sync if reduction == "sum" else value

    def local_share(self, value: tf.Tensor) -> tf.Tensor:
        return value / self._context.num_replicas_in_sync

    def total(self, values: Any) -> Any:
        flat = tf.nest.flatten(values)  # a variable that the objective does not reach has the gradient None
        sums = iter(self._context.all_reduce(tf.distribute.ReduceOp.SUM, [v for v in flat if v is not None]))
        return tf.nest.pack_sequence_as(values, [None if v is None else next(sums) for v in flat])


class MirroredReplica(RepeatingReplica):
    """A replica that computes its part of the batch's outputs and sees those of all others.

    So a loss of the whole batch (a weighted mean, an overlap, a calibration term) is exactly what it is on
    one device, and so is its gradient, which goes back to where each output was computed.
    """

    def __init__(self, size: int):
        super().__init__(size)
        replica, count = tf.get_static_value(self._context.replica_id_in_sync_group), self._context.num_replicas_in_sync
        self._first, self._end = size * replica // count, size * (replica + 1) // count

    def part(self, x: tf.Tensor) -> tf.Tensor:
        return x[self._first : self._end]

    def gather(self, outputs: tf.Tensor) -> tf.Tensor:
        # A sum with zeros for the others' rows: all_gather cannot take parts of different lengths here.
        others = [[self._first, self._size - self._end], *[[0, 0]] * (outputs.shape.rank - 1)]
        return tf.ensure_shape(self.total(tf.pad(outputs, others)), [self._size, *outputs.shape[1:]])

    def local_share(self, value: tf.Tensor) -> tf.Tensor:
        return value * ((self._end - self._first) / self._size)


def devices(strategy: Strategy) -> OneDevice | Mirrored:
    """The devices that `trainer.strategy` names."""
    return Mirrored() if strategy == "mirrored" else OneDevice()
