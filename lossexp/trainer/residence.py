"""Where training examples are while they are used: on the device, or on the host or disk and sent in windows."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from lossexp.datasets.dataset import Split
from lossexp.datasets.stored import StoredInputs
from lossexp.trainer.step import Batch

WINDOW_BYTES = 64 * 2**20  # two of them are in memory at a time
LEAST_WINDOWS = 4  # per epoch, so that one is gathered while another trains
Window = tuple[Batch, tf.Tensor, tf.Tensor]


class Residence:
    """A split's arrays; `window` hands out what some steps of an epoch need.

    size: examples in the split. batch_size: of a full step.
    """

    def __init__(self, split: Split, batch_size: int):
        self.size = len(split)
        self.batch_size = min(batch_size, self.size)
        self.steps = -(-self.size // self.batch_size)
        self._arrays = Batch(split.x, split.y, split.sample_weight)

    def steps_from(self, first: int) -> int:
        """How many steps from step `first` on one window serves."""
        return self.steps - first

    def window(self, order: np.ndarray, first: int) -> Window:
        """For steps from `first` on: arrays, the order in which to gather from them, and the step it starts at."""
        raise NotImplementedError


class OnDevice(Residence):
    """All examples on the device, sent once."""

    def __init__(self, split: Split, batch_size: int):
        super().__init__(split, batch_size)
        self._tensors = Batch(*(None if a is None else tf.constant(a) for a in self._arrays))

    def window(self, order: np.ndarray, first: int) -> Window:
        return self._tensors, tf.constant(order, tf.int32), tf.constant(0)


class OnHost(Residence):
    """Examples stay on the host, or on its disk; windows are gathered there and sent, one while another trains.

    The same order gives the same batches as `OnDevice`, so where data resides changes no result. All windows
    have one size, so that one trace serves them; the last is filled up with examples that no step uses.
    """

    def __init__(self, split: Split, batch_size: int):
        super().__init__(split, batch_size)
        step_bytes = self._arrays.x.nbytes / self.size * self.batch_size
        self._steps = max(1, min(int(WINDOW_BYTES / step_bytes), -(-self.steps // LEAST_WINDOWS)))
        self._worker = ThreadPoolExecutor(1, "lossexp-prefetch")
        self._order: np.ndarray | None = None
        self._gathered: dict[int, Future] = {}
        self._positions = tf.range(self._steps * self.batch_size)

    def steps_from(self, first: int) -> int:
        return min(self._steps - first % self._steps, self.steps - first)

    def window(self, order: np.ndarray, first: int) -> Window:
        if order is not self._order:
            self._order, self._gathered = order, {}
        number = first // self._steps
        for wanted in (number, number + 1):
            if wanted not in self._gathered and wanted * self._steps < self.steps:
                self._gathered[wanted] = self._worker.submit(self._gather, order, wanted)
        for past in [n for n in self._gathered if n < number]:
            del self._gathered[past]
        return self._gathered[number].result(), self._positions, tf.constant(number * self._steps)

    def _gather(self, order: np.ndarray, number: int) -> Batch:
        length = self._steps * self.batch_size
        index = np.zeros(length, order.dtype)
        chosen = order[number * length : (number + 1) * length]
        index[: len(chosen)] = chosen
        return Batch(*(None if a is None else tf.constant(a[index]) for a in self._arrays))


def reside(split: Split, batch_size: int, device_megabytes: float) -> Residence:
    """On the device where the inputs are in memory and fit into `device_megabytes`, else where they are."""
    on_device = fits(split.x, device_megabytes)
    return OnDevice(split, batch_size) if on_device else OnHost(split, batch_size)


def fits(x: np.ndarray | StoredInputs, device_megabytes: float) -> bool:
    """Whether inputs are in memory and few enough to stay on the device."""
    return isinstance(x, np.ndarray) and x.nbytes <= device_megabytes * 2**20
