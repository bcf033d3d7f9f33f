"""The order of training examples: a function of (seed, epoch), never the state of an iterator."""

from __future__ import annotations

import numpy as np


def epoch_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """A permutation of the `n` training examples, `[n]` int64, for `epoch` counted from 0.

    Batch k of size b is `order[k * b : (k + 1) * b]`, so any position of any epoch can be reached at once.
    Every example draws 64 bits of the Philox stream keyed by (seed, epoch), and examples are visited in
    ascending order of what they drew. NumPy promises these bits in every version, which it does not for
    `Generator.permutation`.
    """
    stream = np.random.Philox(np.random.SeedSequence(seed, spawn_key=(epoch,)))
    return np.argsort(stream.random_raw(n), kind="stable")
