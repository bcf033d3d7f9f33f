"""Everything that is global to a process, set for one job and put back after it."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import keras
import tensorflow as tf
from tensorflow.python.framework import config  # what it tells and switches off has no public name

from lossexp.base.seeds import derive

Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]


@contextmanager
def runtime(
    seed: int, precision: Precision = "float32", deterministic: bool = False, eager: bool = False
) -> Iterator[None]:
    """Seeds, dtype policy, layer-name counters, op determinism and eager steps for one job.

    Jobs of a sweep share a process: without this a float32 job would run in the float16 of the job
    before it, and layer names and seeds would depend on the jobs before.
    """
    grow_gpu_memory()
    keras.backend.clear_session()
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(derive(seed, "weights"))
    if precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        warnings.warn(
            "trainer.precision=mixed_float16 on a CPU is about 100 times slower than float32, since TensorFlow "
            "has no half-precision kernels there. mixed_bfloat16 is the fast choice on recent CPUs.",
            stacklevel=3,
        )
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    tf.config.run_functions_eagerly(eager)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
        if deterministic:
            config.disable_op_determinism()
        keras.config.set_dtype_policy("float32")
        keras.backend.clear_session()
        gc.collect()


def grow_gpu_memory() -> None:
    """Lets several processes share a GPU; only possible before the first use of it."""
    if "TF_FORCE_GPU_ALLOW_GROWTH" not in os.environ:
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"


def deterministic() -> bool:
    """Whether ops must give the same bits twice, for which some have no kernel on GPUs."""
    return config.is_op_determinism_enabled()
