"""Where training examples are while they are used: on the device, or on the host or disk and sent in windows."""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from lossexp.datasets.dataset import Split
from lossexp.trainer.step import Batch

WINDOW_BYTES = 64 * 2**20  # two of them are in memory at a time
Window = tuple[Batch, tf.Tensor, tf.Tensor]


class Residence:
    """A split's arrays; `window` hands out what some steps of an epoch need.

    size: examples in the split.
    """

    def __init__(self, split: Split):
        self.size = len(split)
        self._arrays = Batch(split.x, split.y, split.sample_weight)

    def most_steps(self, batch_size: int) -> int:
        """How many steps one window may serve."""
        return sys.maxsize

    def window(self, order: np.ndarray, first: int, count: int, batch_size: int) -> Window:
        """Arrays, the order in which to gather from them, and the step at which that order starts."""
        raise NotImplementedError


class OnDevice(Residence):
    """All examples on the device, sent once."""

    def __init__(self, split: Split):
        super().__init__(split)
        self._tensors = Batch(*(None if a is None else tf.constant(a) for a in self._arrays))

    def window(self, order: np.ndarray, first: int, count: int, batch_size: int) -> Window:
        return self._tensors, tf.constant(order, tf.int32), tf.constant(0)


class OnHost(Residence):
    """Examples stay on the host, or on its disk; windows are gathered there and sent, one while the last one trains.

    The same order gives the same batches as `OnDevice`, so where data resides changes no result.
    """

    def __init__(self, split: Split):
        super().__init__(split)
        self._worker = ThreadPoolExecutor(1, "lossexp-prefetch")
        self._ahead: tuple[int, int, int, Future] | None = None

    def most_steps(self, batch_size: int) -> int:
        example = self._arrays.x.nbytes / self.size
        return max(1, int(WINDOW_BYTES / (example * batch_size)))

    def window(self, order: np.ndarray, first: int, count: int, batch_size: int) -> Window:
        tensors = self._taken(order, first, count) or self._gather(order, first, count, batch_size)
        following = first + count
        if following * batch_size < len(order):
            future = self._worker.submit(self._gather, order, following, count, batch_size)
            self._ahead = (id(order), following, count, future)
        return tensors, tf.range(tf.shape(tensors.y)[0]), tf.constant(first)

    def _taken(self, order: np.ndarray, first: int, count: int) -> Batch | None:
        """The window gathered ahead, if it is the one now asked for."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead[:3] != (id(order), first, count):
            return None
        return ahead[3].result()

    def _gather(self, order: np.ndarray, first: int, count: int, batch_size: int) -> Batch:
        index = order[first * batch_size : (first + count) * batch_size]
        return Batch(*(None if a is None else tf.constant(a[index]) for a in self._arrays))


def reside(split: Split, device_megabytes: float) -> Residence:
    """On the device where the inputs are in memory and fit into `device_megabytes`, else where they are."""
    fits = isinstance(split.x, np.ndarray) and split.x.nbytes <= device_megabytes * 2**20
    return OnDevice(split) if fits else OnHost(split)
