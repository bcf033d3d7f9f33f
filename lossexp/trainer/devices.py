"""One device or several, of one machine or of several: where a step runs, and what the optimizer needs there."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.process.cluster import this_cluster
from lossexp.process.runtime import grow_gpu_memory
from lossexp.trainer.loss_scale import unscaled
from lossexp.trainer.replicas import MirroredReplica, RepeatingReplica, Replica
from lossexp.trainer.step import Batch, StepResult

log = logging.getLogger(__name__)

Strategy = Literal["none", "mirrored", "multi_worker"]


class OneDevice:
    """The default device, without a distribution strategy.

    count: devices that share a batch. chief: whether this process writes what the training leaves.
    """

    count, chief = 1, True
    handles: Sequence[tf.Tensor] = ()  # of what TensorFlow keeps for exchanges, which is no state of a training

    def scope(self) -> AbstractContextManager:
        """The block in which model, optimizer and loss must make their variables."""
        return nullcontext()

    @tf.autograph.experimental.do_not_convert
    def run(self, step: Callable[[Batch, Replica], StepResult], batch: Batch) -> StepResult:
        """`step` on the whole batch."""
        return step(batch, Replica())

    def gather(self, *values: float) -> np.ndarray:
        """What the processes of the training give, once all have: `[processes, values]` float64, the chief's first."""
        return np.array([values], np.float64)

    def check(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Any optimizer can work on one device."""

    def prepare(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Keeps a finished job's graphs from staying in memory (about 90 MB per job).

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


@functools.cache
def multi_worker_strategy() -> tf.distribute.MultiWorkerMirroredStrategy:
    """The one strategy of this process; to be made before TensorFlow does anything else."""
    grow_gpu_memory()
    cluster = this_cluster()
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": cluster.addresses}), task_type="worker", task_id=cluster.index, rpc_layer="grpc"
    )
    return tf.distribute.MultiWorkerMirroredStrategy(resolver)


class Mirrored(OneDevice):
    """`tf.distribute.MirroredStrategy` over all GPUs, or over all logical CPU devices where there is no GPU."""

    name = "mirrored"

    def __init__(self):
        self._strategy = self._make()
        self.count = self._strategy.num_replicas_in_sync
        if self.count == 1:
            log.warning("trainer.strategy=%s finds one device only, so it changes nothing.", self.name)

    def _make(self) -> tf.distribute.Strategy:
        return mirrored_strategy()

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
                    f"trainer.strategy={self.name} cannot be combined with optimizer.{name}: TensorFlow cannot "
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


class MultiWorker(Mirrored):
    """`tf.distribute.MultiWorkerMirroredStrategy`: the devices of all processes of `this_cluster()`.

    Each process has the same data and draws the same batches; the first one is the chief.
    """

    name = "multi_worker"

    def __init__(self):
        super().__init__()
        self.chief = this_cluster().index == 0

        @tf.function
        def rows(values: tf.Tensor) -> tf.Tensor:
            def row() -> tf.Tensor:
                context = tf.distribute.get_replica_context()
                replica = tf.get_static_value(context.replica_id_in_sync_group)
                # A sum with zeros for the others' rows, as in `MirroredReplica`.
                mine = tf.pad(values[tf.newaxis], [[replica, self.count - 1 - replica], [0, 0]])
                return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

            return self._strategy.experimental_local_results(self._strategy.run(row))[0]

        self._rows = rows
        traced = rows.get_concrete_function(tf.TensorSpec([1], tf.float64))
        self.handles = [handle for handle in traced.captured_inputs if handle.dtype == tf.resource]

    def _make(self) -> tf.distribute.Strategy:
        return multi_worker_strategy()

    def gather(self, *values: float) -> np.ndarray:
        return self._rows(tf.constant([*values, 0.0], tf.float64)).numpy()[:, :-1]  # for nothing nobody would wait


def devices(strategy: Strategy) -> OneDevice:
    """The devices that `trainer.strategy` names."""
    return {"none": OneDevice, "mirrored": Mirrored, "multi_worker": MultiWorker}[strategy]()
