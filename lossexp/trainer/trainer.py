"""The outer loop: epochs of a few compiled calls each, validation after each, the best weights kept."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from lossexp.datasets.batches import epoch_order
from lossexp.datasets.dataset import Dataset, Split
from lossexp.errors import InputError
from lossexp.losses.loss import Loss
from lossexp.runtime import PRECISIONS
from lossexp.seeds import derive
from lossexp.trainer.callbacks import Callbacks
from lossexp.trainer.compilation import choose_engine
from lossexp.trainer.engine import Engine, Totals, release_graphs
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.progress import TrainingProgress, training_progress
from lossexp.trainer.validation import Validator

log = logging.getLogger(__name__)

Record = dict[str, float]
CALL_SECONDS = 0.5  # long enough that Python between calls costs nothing, short enough for a live bar


@dataclass
class Fit:
    """What training gave: a record an epoch, the steps done, and the monitor with the best weights."""

    history: list[Record]
    steps: int
    monitor: Monitor
    predict: Predictor


class Trainer:
    """Trains with our own compiled steps.

    Args:
        epochs: passes over the training split, at least 1.
        batch_size: examples a step, at least 1; the last step of an epoch may be shorter.
        precision: `"float32"`, `"mixed_float16"` (with loss scaling) or `"mixed_bfloat16"`.
        jit_compile: `"auto"` measures and decides; True and False force XLA on and off.
        monitor: what chooses the best epoch: `"auto"`, `"val/accuracy"`, `"val/nll"`, `"val/rmse"`, `"val/mae"`.
        limit_train_batches: at most so many steps an epoch; null for all.
        limit_eval_batches: at most so many batches of each evaluated split; null for all.
        deterministic: the same bits twice on the same machine, at some cost in speed.
        callbacks: Keras callbacks, or None.
        progress: whether to draw a progress bar on a terminal.
    """

    def __init__(
        self,
        epochs: int = 15,
        batch_size: int = 32,
        precision: str = "float32",
        jit_compile: str | bool = "auto",
        monitor: str = "auto",
        limit_train_batches: int | None = None,
        limit_eval_batches: int | None = None,
        deterministic: bool = False,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        progress: bool = True,
    ):
        _check_settings(epochs, batch_size, precision, jit_compile, (limit_train_batches, limit_eval_batches))
        self.epochs = epochs
        self.batch_size = batch_size
        self.precision = precision
        self.jit_compile = jit_compile
        self.monitor = monitor
        self.limit_train_batches = limit_train_batches
        self.limit_eval_batches = limit_eval_batches
        self.deterministic = deterministic
        self.callbacks = list(callbacks or [])
        self.progress = progress

    def fit(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        dataset: Dataset,
        seed: int,
        on_epoch: Callable[[Record, int], None] = lambda record, step: None,
    ) -> Fit:
        """Trains `model` in place and returns the history; `on_epoch(record, step)` hears of each epoch.

        Raises FloatingPointError when the objective is no longer finite.
        """
        optimizer = self.ready(optimizer, model)
        predict = Predictor(model)
        validate = Validator(predict, loss, dataset, self.limited(dataset.val))
        fit = Fit([], 0, Monitor(self.monitor, dataset.task), predict)
        callbacks = Callbacks(self.callbacks, model, optimizer, self.epochs)
        self._run(fit, model, optimizer, loss, dataset, seed, validate, callbacks, on_epoch)
        return fit

    def check(self, dataset: Dataset) -> None:
        """Raises InputError where a setting does not fit the dataset's task."""
        Monitor(self.monitor, dataset.task)

    def ready(self, optimizer: keras.optimizers.Optimizer, model: keras.Model) -> keras.optimizers.Optimizer:
        """The optimizer with loss scaling where the precision needs it, and with its variables built.

        Built before the first trace: an unbuilt loss scale would be baked into the graph as a constant.
        """
        if self.precision == "mixed_float16" and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(model.trainable_variables)
        release_graphs(optimizer)
        return optimizer

    def limited(self, split: Split) -> Split:
        """The part of an evaluated split that `limit_eval_batches` leaves."""
        if self.limit_eval_batches is None:
            return split
        n = self.limit_eval_batches * self.batch_size
        weight = None if split.sample_weight is None else split.sample_weight[:n]
        return Split(split.x[:n], split.y[:n], weight)

    def _run(self, fit, model, optimizer, loss, dataset, seed, validate, callbacks, on_epoch) -> None:
        order_seed = derive(seed, "order")
        n = len(dataset.train)

        def make(jit_compile: bool) -> Engine:
            return Engine(model, optimizer, loss, dataset.train, dataset.num_classes, self.batch_size, jit_compile)

        steps_an_epoch = min(math.ceil(n / self.batch_size), self.limit_train_batches or n)
        setting = False if self.deterministic and self.jit_compile == "auto" else self.jit_compile
        variables = [*model.variables, *optimizer.variables, *loss.variables]
        engine = choose_engine(
            setting, make, variables, epoch_order(n, order_seed, 0), steps_an_epoch * self.epochs
        )
        total = steps_an_epoch * self.epochs
        with callbacks, training_progress(total, 0, self.batch_size, self.progress) as bar:
            for epoch in range(self.epochs):
                loss.on_epoch(epoch, self.epochs)
                callbacks.epoch_begin(epoch)
                start = time.perf_counter()
                order = epoch_order(n, order_seed, epoch)
                totals = self._epoch(engine, order, steps_an_epoch, epoch, callbacks, bar)
                seconds = time.perf_counter() - start
                fit.steps += steps_an_epoch
                record = {"epoch": float(epoch + 1), "train/loss": totals.objective / totals.examples}
                if dataset.task != "regression":
                    record["train/accuracy"] = totals.correct / totals.examples
                record |= validate()
                record["learning_rate"] = float(np.asarray(optimizer.learning_rate))
                record["time/examples_per_second"] = totals.examples / seconds
                fit.history.append(record)
                fit.monitor.update(epoch, record, model)
                bar.note(f"{fit.monitor.metric} {record[fit.monitor.metric]:.4f}")
                on_epoch(record, fit.steps)
                if callbacks.epoch_end(epoch, record):
                    log.info("a callback stopped training after epoch %d", epoch + 1)
                    return

    def _epoch(
        self, engine: Engine, order: np.ndarray, steps: int, epoch: int, callbacks: Callbacks, bar: TrainingProgress
    ) -> Totals:
        """One epoch in calls of about `CALL_SECONDS` each (one step each where a callback wants batches)."""
        totals, first, count = Totals(), 0, 1
        while first < steps:
            count = min(1 if callbacks.wants_batches else count, steps - first)
            callbacks.batch_begin(first)
            start = time.perf_counter()
            got = engine.run(order, first, count)
            elapsed = time.perf_counter() - start
            totals += got
            if not math.isfinite(got.objective):
                raise FloatingPointError(
                    f"The training objective is {got.objective / got.examples} in epoch {epoch + 1}, within steps "
                    f"{first + 1} to {first + count} of {steps}. A lower optimizer.learning_rate or gradient "
                    "clipping (optimizer.global_clipnorm=1.0) often helps; float16 overflows sooner than float32."
                )
            callbacks.batch_end(first + count - 1, got.objective / got.examples)
            first += count
            bar.advance(count)
            count = max(1, min(steps, int(count * CALL_SECONDS / max(elapsed, 1e-6)), count * 64))
        return totals


def _check_settings(epochs, batch_size, precision, jit_compile, limits) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, int) or value < 1:
            raise InputError(f"trainer.{name}={value}: give a whole number of at least 1.")
    for name, value in zip(("limit_train_batches", "limit_eval_batches"), limits, strict=True):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise InputError(f"trainer.{name}={value}: give a whole number of at least 1, or null for all.")
    if precision not in PRECISIONS:
        raise InputError(f"trainer.precision={precision}: use one of {', '.join(PRECISIONS)}.")
    if jit_compile not in ("auto", True, False):
        raise InputError(f"trainer.jit_compile={jit_compile}: use auto, true or false.")
