"""Training speed and memory beside Keras `fit` and the usual hand-written loop: `python -m lossexp.benchmark`.

Each way of training lives in a process of its own, so that its memory is its own; the processes train in
turn, an epoch each, so that a slow moment of the machine meets all of them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

Epoch = Callable[[], None]


@dataclass(frozen=True)
class Workload:
    """A model on so many images. shape: of an image. epochs: rounds of timing."""

    name: str
    shape: tuple[int, ...]
    images: int
    batch_size: int
    hidden: tuple[int, ...] | None  # None: the small CNN


WORKLOADS = (
    Workload("digits-MLP 64-64 b32", (8, 8, 1), 1280, 32, (64, 64)),
    Workload("digits-CNN b32", (8, 8, 1), 1280, 32, None),
    Workload("MNIST-MLP 128-128 b128", (28, 28, 1), 12800, 128, (128, 128)),
    Workload("MNIST-CNN b32", (28, 28, 1), 6400, 32, None),
)
PRECISIONS = ("float32", "mixed_bfloat16")
OURS = "lossexp"


def data(workload: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Random images: speed does not depend on what they show."""
    random = np.random.default_rng(0)
    x = random.random((workload.images, *workload.shape), np.float32)
    return x, random.integers(0, 10, workload.images).astype(np.int32)


def model_and_optimizer(workload: Workload):
    import keras

    from lossexp.models.functional import conv_net
    from lossexp.models.mlp import mlp

    if workload.hidden is None:
        model = conv_net(workload.shape, 10)
    else:
        model = mlp(workload.shape, 10, hidden=list(workload.hidden))
    return model, keras.optimizers.Adam(1e-3)


def lossexp_epoch(workload: Workload, precision: str) -> Epoch:
    """Our engine as `trainer=default` uses it, `jit_compile: auto`."""
    from lossexp.datasets.batches import epoch_order
    from lossexp.datasets.dataset import Split
    from lossexp.losses import CrossEntropy
    from lossexp.trainer.compilation import choose_engine
    from lossexp.trainer.engine import Engine
    from lossexp.trainer.residence import OnDevice
    from lossexp.trainer.trainer import Trainer

    x, y = data(workload)
    model, optimizer = model_and_optimizer(workload)
    optimizer = Trainer(precision=precision).ready(optimizer, model)
    loss, resident = CrossEntropy(), OnDevice(Split(x, y))

    def make(jit_compile: bool) -> Engine:
        return Engine(model, optimizer, loss, resident, 10, workload.batch_size, jit_compile)

    variables = [*model.variables, *optimizer.variables]
    engine = choose_engine("auto", make, variables, epoch_order(len(x), 0, 0), total_steps=10**9)
    epochs = iter(range(10**6))

    def epoch() -> None:
        engine.run(epoch_order(len(x), 0, next(epochs)), 0, engine.steps_per_epoch)

    return epoch


def fit_epoch(steps_per_execution: int = 1, jit_compile: bool = False) -> Callable[[Workload, str], Epoch]:
    """Keras `fit` on arrays, one epoch a call of `fit`."""

    def make(workload: Workload, precision: str) -> Epoch:
        import keras

        x, y = data(workload)
        model, optimizer = model_and_optimizer(workload)
        model.compile(
            optimizer=optimizer,
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
        )
        return lambda: model.fit(x, y, batch_size=workload.batch_size, epochs=1, verbose=0)

    return make


def tutorial_epoch(workload: Workload, precision: str) -> Epoch:
    """The loop of tutorials: a `tf.function` step called from Python over a shuffled `tf.data` pipeline."""
    import keras
    import tensorflow as tf

    x, y = data(workload)
    model, optimizer = model_and_optimizer(workload)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    mean, accuracy = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    batches = (
        tf.data.Dataset.from_tensor_slices((x, y))
        .cache()
        .shuffle(len(x))
        .batch(workload.batch_size)
        .prefetch(2)
    )

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            value = loss(labels, outputs)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        mean.update_state(value)
        accuracy.update_state(labels, outputs)

    def epoch() -> None:
        for images, labels in batches:
            step(images, labels)
        mean.result()

    return epoch


CONTENDERS: dict[str, Callable[[Workload, str], Epoch]] = {
    OURS: lossexp_epoch,
    "fit": fit_epoch(),
    "fit, 32 steps a call": fit_epoch(32),
    "fit, XLA": fit_epoch(jit_compile=True),
    "fit, XLA, 32 steps a call": fit_epoch(32, jit_compile=True),
    "tutorial loop": tutorial_epoch,
}


def serve(name: str, workload: Workload, precision: str, pipe) -> None:
    """A contender's process: trains an epoch whenever asked and answers with its seconds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from lossexp.runtime import runtime

    with runtime(0, precision):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        epoch = CONTENDERS[name](workload, precision)
        epoch()
        pipe.send(time.perf_counter() - start)
        while pipe.recv():
            start = time.perf_counter()
            epoch()
            pipe.send(time.perf_counter() - start)
        pipe.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


@dataclass
class Result:
    """first: seconds until the first epoch is done, tracing included. seconds: of later epochs. megabytes: peak."""

    first: float
    seconds: list[float]
    megabytes: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def compare(workload: Workload, precision: str, rounds: int) -> dict[str, Result]:
    """All contenders on one workload, in turn."""
    context = multiprocessing.get_context("spawn")
    pipes, results = {}, {}
    for name in CONTENDERS:
        pipes[name], theirs = context.Pipe()
        context.Process(target=serve, args=(name, workload, precision, theirs), daemon=True).start()
        results[name] = Result(pipes[name].recv(), [])
    for _ in range(rounds):
        for name, pipe in pipes.items():
            pipe.send(True)
            results[name].seconds.append(pipe.recv())
    for name, pipe in pipes.items():
        pipe.send(False)
        results[name].megabytes = pipe.recv()
    return results


def table(workload: Workload, precision: str, results: dict[str, Result]) -> str:
    """A Markdown table of one workload."""
    ours = results[OURS].median
    lines = [
        f"### {workload.name}, {precision}",
        "",
        "| way | images/s | steps/s | lossexp is faster by | first epoch (s) | peak memory above import (MB) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, result in results.items():
        rate = workload.images / result.median
        lines.append(
            f"| {name} | {rate:,.0f} | {rate / workload.batch_size:,.0f} | {result.median / ours:.2f} | "
            f"{result.first:.1f} | {result.megabytes:,.0f} |"
        )
    keras_best = min(r.median for name, r in results.items() if name.startswith("fit"))
    lines += ["", f"Ratio to the best mode of `fit`: {keras_best / ours:.2f}; to plain `fit`: "]
    lines[-1] += f"{results['fit'].median / ours:.1f}."
    return "\n".join(lines)


def machine() -> str:
    """Processor count, device and versions, as one line."""
    import tensorflow as tf

    devices = [
        tf.config.experimental.get_device_details(d).get("device_name", "GPU")
        for d in tf.config.list_physical_devices("GPU")
    ]
    where = ", ".join(devices) or f"{os.cpu_count()} CPU cores ({platform.machine()})"
    return f"{where}; TensorFlow {version('tensorflow')}, Keras {version('keras')}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lossexp.benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="timed epochs of each (default 15)")
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--precision", choices=PRECISIONS, help="one precision instead of both")
    parser.add_argument("--write", type=Path, help="write the tables to this Markdown file as well")
    chosen = parser.parse_args()
    parts = [
        "# Performance",
        f"Printed by `scripts/benchmark --rounds {chosen.rounds}`. Medians of epochs timed in turn, each way of "
        f"training in a process of its own, random images, {machine()}. "
        "Absolute figures are this machine's; read the ratios.",
    ]
    for workload in WORKLOADS:
        for precision in PRECISIONS:
            if chosen.only in workload.name and chosen.precision in (None, precision):
                parts.append(table(workload, precision, compare(workload, precision, chosen.rounds)))
                print(parts[-1] + "\n", flush=True)
    if chosen.write:
        chosen.write.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
