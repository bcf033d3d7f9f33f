"""One device's view of a training step, alone or beside others that work on the same batch."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class Replica:
    """One device's view of a step; here the only device.

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
