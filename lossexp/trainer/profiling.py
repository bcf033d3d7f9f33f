"""`trainer.profile_epoch`: a TensorBoard profile of one epoch's steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf


@contextmanager
def profiled(folder: Path | None) -> Iterator[None]:
    """Writes a TensorBoard profile of the block beside `folder` (the checkpoints'); None profiles nothing."""
    if folder is None:
        yield
        return
    with tf.profiler.experimental.Profile(str(folder.parent / "profile")):
        yield
