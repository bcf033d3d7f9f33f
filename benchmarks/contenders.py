"""What is timed: workloads, and ways to train them, each as a function that trains one epoch a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Train = Callable[[int], None]  # trains so many epochs


@dataclass(frozen=True)
class Workload:
    """A model on so many images. shape: of an image. epochs: trained in one timed call."""

    name: str
    shape: tuple[int, ...]
    images: int
    batch_size: int
    hidden: tuple[int, ...] | None  # None: the small CNN
    epochs: int


WORKLOADS = (
    Workload("digits-MLP 64-64 b32", (8, 8, 1), 1280, 32, (64, 64), 10),
    Workload("digits-CNN b32", (8, 8, 1), 1280, 32, None, 3),
    Workload("MNIST-MLP 128-128 b128", (28, 28, 1), 12800, 128, (128, 128), 3),
    Workload("MNIST-CNN b32", (28, 28, 1), 6400, 32, None, 1),
)
PRECISIONS = ("float32", "mixed_bfloat16")
OURS = "lossexp"


def data(workload: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Random images of bytes: speed does not depend on what they show."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (workload.images, *workload.shape), np.uint8)
    return x, random.integers(0, 10, workload.images).astype(np.int32)


def model_and_optimizer(workload: Workload):
    """The model takes bytes, as the one that a run trains: for every contender scaling is part of the step."""
    import keras

    from lossexp.models.functional import conv_net
    from lossexp.models.mlp import mlp

    if workload.hidden is None:
        model = conv_net(workload.shape, 10)
    else:
        model = mlp(workload.shape, 10, hidden=list(workload.hidden))
    model = keras.Sequential([keras.Input(workload.shape, dtype="uint8"), keras.layers.Rescaling(1 / 255), model])
    return model, keras.optimizers.Adam(1e-3)


def train_with_lossexp(jit_compile: str | bool = "auto") -> Callable[[Workload, str], Train]:
    """Our engine as `trainer=default` uses it."""

    def make_train(workload: Workload, precision: str) -> Train:
        from lossexp.datasets.batches import epoch_order
        from lossexp.datasets.dataset import Split
        from lossexp.losses import CrossEntropy
        from lossexp.trainer.compilation import choose_engine
        from lossexp.trainer.engine import Engine
        from lossexp.trainer.residence import OnDevice
        from lossexp.trainer.step import Answers, train_step
        from lossexp.trainer.trainer import Trainer

        x, y = data(workload)
        model, optimizer = model_and_optimizer(workload)
        optimizer = Trainer(precision=precision).ready(optimizer, model)
        loss, resident = CrossEntropy(), OnDevice(Split(x, y), workload.batch_size)
        answers = Answers(10, loss.link)

        def make(jit_compile: bool) -> Engine:
            return Engine(lambda batch: train_step(model, optimizer, loss, batch, answers), resident, jit_compile)

        variables = [*model.variables, *optimizer.variables]
        engine = choose_engine(jit_compile, make, variables, epoch_order(len(x), 0, 0), total_steps=10**9)

        def train(epochs: int) -> None:
            for epoch in range(epochs):
                engine.run(epoch_order(len(x), 0, epoch), 0, engine.steps_per_epoch)

        return train

    return make_train


def train_with_fit(steps_per_execution: int = 1, jit_compile: bool = False) -> Callable[[Workload, str], Train]:
    """Keras `fit` on arrays."""

    def make(workload: Workload, precision: str) -> Train:
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
        return lambda epochs: model.fit(x, y, batch_size=workload.batch_size, epochs=epochs, verbose=0)

    return make


def train_with_tutorial_loop(workload: Workload, precision: str) -> Train:
    """The loop of tutorials: a `tf.function` step called from Python over a shuffled `tf.data` pipeline."""
    import keras
    import tensorflow as tf

    x, y = data(workload)
    model, optimizer = model_and_optimizer(workload)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    mean, accuracy = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    batches = tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(len(x)).batch(workload.batch_size).prefetch(2)

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            value = loss(labels, outputs)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        mean.update_state(value)
        accuracy.update_state(labels, outputs)

    def train(epochs: int) -> None:
        for _ in range(epochs):
            for images, labels in batches:
                step(images, labels)
            mean.result()

    return train


CONTENDERS: dict[str, Callable[[Workload, str], Train]] = {
    OURS: train_with_lossexp(),
    "fit": train_with_fit(),
    "fit, 32 steps a call": train_with_fit(32),
    "fit, XLA": train_with_fit(jit_compile=True),
    "fit, XLA, 32 steps a call": train_with_fit(32, jit_compile=True),
    "tutorial loop": train_with_tutorial_loop,
}
