"""`trainer=keras`: the same objects through `compile` and `fit`, the oracle our own loop is tested against."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras.layers import Layer

from lossexp.base.errors import InputError
from lossexp.base.seeds import derive
from lossexp.datasets.batches import epoch_order
from lossexp.datasets.dataset import Dataset
from lossexp.losses.base.loss import Loss
from lossexp.metrics.table import METRICS
from lossexp.models.check import OF_FIT, OF_SCORING, overridden
from lossexp.models.preprocessing import input_layers
from lossexp.trainer.averaging import averaged_weights
from lossexp.trainer.callbacks import keras_logs
from lossexp.trainer.compilation import explaining_xla
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.monitored import MonitorsAreThere
from lossexp.trainer.nonfinite import ADVICE, BEFORE, OTHERWISE, Diverged
from lossexp.trainer.parts import Parts
from lossexp.trainer.position import OnEpoch, OnResume
from lossexp.trainer.step import encode_labels
from lossexp.trainer.trainer import Fit, Trainer
from lossexp.trainer.validator import Validator

log = logging.getLogger(__name__)


class EpochBatches(keras.utils.PyDataset):
    """Training batches in the order of `epoch_order`, another one in each epoch."""

    def __init__(
        self, dataset: Dataset, loss: Loss, seed: int, batch_size: int, steps: int, prepare: Sequence[Layer] = ()
    ):
        super().__init__()
        split = dataset.train
        self._x, self._weight, self._prepare = split.x, split.sample_weight, prepare
        self._y = encode_labels(tf.constant(split.y), loss.labels, dataset.num_classes).numpy()
        self._seed, self._batch_size, self._steps = seed, batch_size, steps
        self.begin_epoch(0)

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, step: int) -> tuple:
        index = self._order[step * self._batch_size : (step + 1) * self._batch_size]
        x = self._x[index]
        for layer in self._prepare:
            x = layer(x)
        batch = (x, self._y[index])
        return batch if self._weight is None else (*batch, self._weight[index])

    def begin_epoch(self, epoch: int) -> None:
        """Sets the order. Not `on_epoch_end`: `fit` calls that before the first epoch as well."""
        self._order = epoch_order(len(self._x), self._seed, epoch)


class Report(keras.callbacks.Callback):
    """After each epoch: validation, the record, and the best weights, as in our own loop."""

    def __init__(
        self,
        fit: Fit,
        loss: Loss,
        batches: EpochBatches,
        validate: Validator,
        on_epoch: OnEpoch,
        stop_on_nonfinite: bool,
    ):
        super().__init__()
        self._stop_on_nonfinite = stop_on_nonfinite
        self._fit, self._loss, self._batches = fit, loss, batches
        self._validate, self._on_epoch = validate, on_epoch

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._loss.on_epoch(epoch, self.params["epochs"])
        self._batches.begin_epoch(epoch)
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        seconds = time.perf_counter() - self._start
        self._fit.steps += len(self._batches)
        record = {"epoch": float(epoch + 1), "train/loss": float(logs["loss"])}
        with averaged_weights(self.model.optimizer):
            scores = self._validate()
            if self._stop_on_nonfinite and not scores.finite:
                raise Diverged(f"The model's outputs became NaN or infinite in epoch {epoch + 1}. {ADVICE}{OTHERWISE}")
            record |= scores.metrics
            self._fit.monitor.update(epoch, record, self.model)
        record["learning_rate"] = float(np.asarray(self.model.optimizer.learning_rate))
        record["time/steps_per_second"] = len(self._batches) / seconds
        logs.update(keras_logs({name: value for name, value in record.items() if name.startswith("val/")}))
        self._fit.history.append(record)
        self._fit.ends.append(self._fit.steps)
        self._on_epoch(record, self._fit.steps)


class StopOnNonfinite(keras.callbacks.TerminateOnNaN):
    """Ends training at a loss that is NaN or infinite with the error that our own loop raises."""

    def on_batch_end(self, batch: int, logs: dict | None = None) -> None:
        try:
            super().on_batch_end(batch, logs)
        except RuntimeError as error:
            first = self.model.optimizer.iterations == 1  # the update of this batch
            advice = f"That was {BEFORE} Look at the model, the loss and the data. " if first else ADVICE
            raise Diverged(f"{error} trainer=default names the examples too. {advice}{OTHERWISE}") from error


class KerasTrainer(Trainer):
    """The same settings as `Trainer`, executed by `keras.Model.fit`; what `fit` cannot do is refused."""

    # `fit` measures these only by a metric for the loss's own labels, and tells the rate only if a callback sets it.
    unlogged = (*(metric.name for metric in METRICS if metric.in_training), "learning_rate")

    def check(self, dataset: Dataset) -> None:
        for name in ("check_gradients", "profile_epoch"):
            if getattr(self, name):
                raise InputError(f"trainer.{name} is for trainer=default: `fit` has no place for it.")
        if self.strategy != "none":
            raise InputError(f"trainer.strategy={self.strategy} is for trainer=default.")
        super().check(dataset)

    def check_model(self, model: keras.Model) -> None:
        """Warns of steps that a model has for `evaluate` and `predict`: every model is scored by its raw outputs."""
        for name in overridden(model, OF_SCORING):
            log.warning("model %s: its own %s is not used; scores are of what its call returns.", model.name, name)

    def _train(
        self,
        parts: Parts,
        seed: int,
        validate: Validator,
        folder: Path | None,
        on_epoch: OnEpoch,
        on_resume: OnResume,
        key: str,
    ) -> Fit:
        """Always from the start: `fit` cannot continue in the middle of an epoch."""
        on_resume([])
        model, jit_compile, prepare = parts.model, False if self.eager else self.jit_compile, []
        if parts.own is not None and overridden(parts.own, OF_FIT):
            # `fit` takes a step from the model that it is called on; the model around it has none.
            model, shape = parts.own, tuple(parts.dataset.train.x.shape[1:])
            prepare = input_layers(parts.dataset.inputs, shape)
        fit = Fit([], 0, Monitor(self.monitor, parts.dataset.task), validate.predict, jit_compile)
        order, steps = derive(seed, "order"), self.steps_per_epoch(parts.dataset)
        batches = EpochBatches(parts.dataset, parts.loss, order, self.batch_size, steps, prepare)
        report = Report(fit, parts.loss, batches, validate, on_epoch, self.stop_on_nonfinite)
        callbacks = [report, *self.callbacks, MonitorsAreThere(self.callbacks)]
        if self.stop_on_nonfinite:
            callbacks.append(StopOnNonfinite(raise_error=True))
        shown = int(self.progress and sys.stdout.isatty())
        model.compile(optimizer=parts.optimizer, loss=parts.loss, jit_compile=jit_compile)
        try:
            with explaining_xla(jit_compile):
                model.fit(batches, epochs=self.epochs, shuffle=False, callbacks=callbacks, verbose=shown)
        finally:
            model.optimizer, model.compiled = None, False
        return fit
