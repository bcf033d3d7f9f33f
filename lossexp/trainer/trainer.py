"""Training settings and the entry to our own loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import keras

from lossexp.base.checks import Count, FromZero, Limit, NonNegative, check_fields
from lossexp.base.errors import InputError
from lossexp.base.trainer_settings import check_together
from lossexp.datasets.dataset import Dataset, Split
from lossexp.losses.base.loss import Loss
from lossexp.models.check import OF_FIT, OF_SCORING, overridden
from lossexp.process.runtime import Precision
from lossexp.trainer.callback_arguments import check_arguments
from lossexp.trainer.callback_errors import naming_callbacks
from lossexp.trainer.callbacks import check_rate
from lossexp.trainer.devices import Mirrored, OneDevice, Strategy, devices
from lossexp.trainer.loop import Loop
from lossexp.trainer.loss_scale import check_unscaled, with_loss_scale
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.monitored import check_monitors
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.state import Record
from lossexp.trainer.validator import Validator


@dataclass
class Fit:
    """What training gave: a record an epoch, the steps done, and the monitor with the best weights.

    ends: the steps done at the end of each epoch.
    jit_compile: whether steps ran under XLA, whose rounding differs.
    """

    history: list[Record]
    steps: int
    monitor: Monitor
    predict: Predictor
    jit_compile: str | bool | None = None
    ends: list[int] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Trainer:
    """Trains with our own compiled steps.

    Args:
        epochs: passes over the training split, at least 1.
        batch_size: examples a step, at least 1; the last step of an epoch may be shorter.
        precision: `"float32"`, `"mixed_float16"` (with loss scaling) or `"mixed_bfloat16"`.
        jit_compile: `"auto"` measures and decides; True and False force XLA on and off.
        monitor: what chooses the best epoch: `"auto"`, `"val/accuracy"`, `"val/nll"`, `"val/rmse"`, `"val/mae"`.
        limit_train_batches: at most so many steps an epoch; None for all.
        limit_eval_batches: at most so many batches of each evaluated split; None for all.
        overfit_batches: train and validate on the same so many batches; None for the whole splits.
        deterministic: the same bits twice on the same machine, at some cost in speed.
        device_megabytes: training inputs up to this size live on the device; larger ones are sent in windows.
        checkpoint_seconds: seconds between checkpoints, at least 0; 0 is after every call.
        keep_checkpoints: how many are kept; 0 writes none.
        stop_on_nonfinite: whether an objective that is NaN or infinite ends training.
        check_gradients: whether gradients count for that as well (costs time; mixed_float16 skips such steps).
        eager: every step in plain Python, for print() and debuggers; never under XLA.
        profile_epoch: the epoch, from 1, to profile into `folder`; None for none.
        l2: coupled weight decay, at least 0: adds `l2 / 2` times the squared norm of all trainable variables to the
            objective, so `l2 * w` to each gradient (what SGD papers call weight decay). Decoupled decay is
            `optimizer.weight_decay`. A variable with a regularizer of its own keeps that one.
        strategy: `"none"`, or `"mirrored"` for all GPUs of this machine, which share each batch.
        callbacks: Keras callbacks, or None.
        progress: whether to draw a progress bar on a terminal.
    """

    unlogged: ClassVar[tuple[str, ...]] = ()  # what other trainers log each epoch and this one does not

    epochs: Count = 15
    batch_size: Count = 32
    precision: Precision = "float32"
    jit_compile: Literal["auto"] | bool = "auto"
    monitor: str = "auto"
    limit_train_batches: Count | None = None
    limit_eval_batches: Count | None = None
    overfit_batches: Count | None = None
    deterministic: bool = False
    device_megabytes: Limit = 4096.0
    checkpoint_seconds: Limit = 30.0
    keep_checkpoints: FromZero = 2
    stop_on_nonfinite: bool = True
    check_gradients: bool = False
    eager: bool = False
    profile_epoch: Count | None = None
    l2: NonNegative = 0.0
    strategy: Strategy = "none"
    callbacks: list[keras.callbacks.Callback] | None = None
    progress: bool = True

    def __post_init__(self):
        check_fields(self, "trainer")
        check_together(vars(self))
        self.callbacks = self.callbacks or []
        for callback in self.callbacks:
            check_arguments(callback)

    @naming_callbacks()
    def fit(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        dataset: Dataset,
        seed: int,
        folder: Path | None = None,
        on_epoch: Callable[[Record, int], None] = lambda record, step: None,
        on_resume: Callable[[list[tuple[Record, int]]], None] = lambda epochs: None,
        key: str = "",
    ) -> Fit:
        """Trains `model` in place and returns the history; `on_epoch(record, step)` hears of each epoch.

        folder: for checkpoints; a training that was interrupted there is continued, bit for bit. on_resume: hears
        once, before the first step, of the epochs that are done already (none of a new training). key: names the run
        in its checkpoints. Raises Diverged when the objective is no longer finite, InputError for a checkpoint of
        another run or model, or where one of Keras's callbacks raises.
        """
        optimizer, dataset = self.ready(optimizer, model), self.trained_on(dataset)
        predict = Predictor(model)
        validate = Validator(predict, loss, dataset, self.limited(dataset.val), self.device_megabytes)
        loop = Loop(self, model, optimizer, loss, dataset, seed, validate, folder, on_epoch, on_resume, key)
        loop.run()
        state = loop.state
        return Fit(state.history, state.steps, loop.monitor, predict, state.jit_compile, state.ends)

    def check(self, dataset: Dataset) -> None:
        """Raises InputError where a setting does not fit the dataset's task."""
        Monitor(self.monitor, dataset.task)
        check_monitors(self.callbacks, dataset.task, self.unlogged)

    def check_model(self, model: keras.Model) -> None:
        """Raises InputError for a model with steps of its own, which this trainer would pass over."""
        own = overridden(model, OF_FIT + OF_SCORING)
        if own:
            raise InputError(
                f"model {model.name} ({type(model).__name__}) has its own {' and '.join(own)}, which trainer=default "
                "does not use: it has steps of its own. Use trainer=keras, which trains with `fit`, or put what these "
                "do into the model's call and the loss."
            )

    def check_optimizer(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Raises InputError where the optimizer does not go with the callbacks, the precision or the devices."""
        check_rate(self.callbacks, optimizer)
        if self.precision == "mixed_float16":
            check_unscaled(optimizer)
        self.devices.check(optimizer)

    def ready(self, optimizer: keras.optimizers.Optimizer, model: keras.Model) -> keras.optimizers.Optimizer:
        """The optimizer with loss scaling where the precision needs it, and with its variables built.

        Built before the first trace: an unbuilt loss scale would be baked into the graph as a constant.
        Raises InputError for what callbacks cannot monitor, and as `check_optimizer`.
        """
        check_monitors(self.callbacks, unlogged=self.unlogged)
        self.check_optimizer(optimizer)
        if self.l2:
            for variable in model.trainable_variables:
                variable.regularizer = variable.regularizer or keras.regularizers.L2(self.l2 / 2)
        if self.precision == "mixed_float16":
            optimizer = with_loss_scale(optimizer)
        with self.devices.scope():
            optimizer.build(model.trainable_variables)
        self.devices.prepare(optimizer)
        return optimizer

    @cached_property
    def devices(self) -> OneDevice | Mirrored:
        """Where steps run."""
        return devices(self.strategy)

    def scope(self) -> AbstractContextManager:
        """The block in which model, optimizer and loss must be made."""
        return self.devices.scope()

    def trained_on(self, dataset: Dataset) -> Dataset:
        """The dataset with `overfit_batches` of training data as training and validation splits, if set."""
        if self.overfit_batches is None:
            return dataset
        few = dataset.train.first(self.overfit_batches * self.batch_size)
        return replace(dataset, train=few, val=few)

    def steps_per_epoch(self, dataset: Dataset) -> int:
        """Steps of an epoch on this dataset, with all limits."""
        steps = math.ceil(len(self.trained_on(dataset).train) / self.batch_size)
        return min(steps, self.limit_train_batches or steps)

    def limited(self, split: Split) -> Split:
        """The part of an evaluated split that `limit_eval_batches` leaves."""
        if self.limit_eval_batches is None:
            return split
        return split.first(self.limit_eval_batches * self.batch_size)
