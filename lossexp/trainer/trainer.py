"""Training settings and the entry to our own loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import keras

from lossexp.datasets.dataset import Dataset, Split
from lossexp.losses.loss import Loss
from lossexp.trainer.callbacks import check_monitors, check_rate
from lossexp.trainer.devices import Mirrored, OneDevice, devices
from lossexp.trainer.loop import Loop
from lossexp.trainer.loss_scale import check_unscaled, with_loss_scale
from lossexp.trainer.monitor import Monitor
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.settings import (
    check_choices,
    check_from_zero,
    check_limits,
    check_profile,
    check_switches,
    check_whole,
    checked_callbacks,
)
from lossexp.trainer.state import Record
from lossexp.trainer.validation import Validator


@dataclass
class Fit:
    """What training gave: a record an epoch, the steps done, and the monitor with the best weights.

    jit_compile: whether steps ran under XLA, whose rounding differs.
    """

    history: list[Record]
    steps: int
    monitor: Monitor
    predict: Predictor
    jit_compile: str | bool | None = None


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

    unlogged: tuple[str, ...] = ()  # what other trainers log each epoch and this one does not

    def __init__(
        self,
        epochs: int = 15,
        batch_size: int = 32,
        precision: str = "float32",
        jit_compile: str | bool = "auto",
        monitor: str = "auto",
        limit_train_batches: int | None = None,
        limit_eval_batches: int | None = None,
        overfit_batches: int | None = None,
        deterministic: bool = False,
        device_megabytes: float = 4096.0,
        checkpoint_seconds: float = 30.0,
        keep_checkpoints: int = 2,
        stop_on_nonfinite: bool = True,
        check_gradients: bool = False,
        eager: bool = False,
        profile_epoch: int | None = None,
        l2: float = 0.0,
        strategy: str = "none",
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        progress: bool = True,
    ):
        whole = {"epochs": epochs, "batch_size": batch_size}
        optional = {
            "limit_train_batches": limit_train_batches,
            "limit_eval_batches": limit_eval_batches,
            "overfit_batches": overfit_batches,
            "profile_epoch": profile_epoch,
        }
        check_whole(1, **whole, **{name: value for name, value in optional.items() if value is not None})
        check_whole(0, keep_checkpoints=keep_checkpoints)
        check_switches(
            deterministic=deterministic,
            stop_on_nonfinite=stop_on_nonfinite,
            check_gradients=check_gradients,
            eager=eager,
            progress=progress,
        )
        check_profile(profile_epoch, epochs)
        check_choices(precision, jit_compile, strategy, eager)
        check_limits(device_megabytes=device_megabytes, checkpoint_seconds=checkpoint_seconds)
        check_from_zero(l2=l2)
        self.epochs = epochs
        self.batch_size = batch_size
        self.precision = precision
        self.jit_compile = jit_compile
        self.monitor = monitor
        self.limit_train_batches = limit_train_batches
        self.limit_eval_batches = limit_eval_batches
        self.overfit_batches = overfit_batches
        self.deterministic = deterministic
        self.device_megabytes = device_megabytes
        self.checkpoint_seconds = checkpoint_seconds
        self.keep_checkpoints = keep_checkpoints
        self.stop_on_nonfinite = stop_on_nonfinite
        self.check_gradients = check_gradients
        self.eager = eager
        self.profile_epoch = profile_epoch
        self.l2 = l2
        self.strategy = strategy
        self.callbacks = checked_callbacks(callbacks)
        self.progress = progress

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
        another run or model.
        """
        optimizer, dataset = self.ready(optimizer, model), self.trained_on(dataset)
        predict = Predictor(model)
        validate = Validator(predict, loss, dataset, self.limited(dataset.val), self.device_megabytes)
        loop = Loop(self, model, optimizer, loss, dataset, seed, validate, folder, on_epoch, on_resume, key)
        loop.run()
        return Fit(loop.state.history, loop.state.steps, loop.monitor, predict, loop.state.jit_compile)

    def check(self, dataset: Dataset) -> None:
        """Raises InputError where a setting does not fit the dataset's task."""
        Monitor(self.monitor, dataset.task)
        check_monitors(self.callbacks, dataset.task, self.unlogged)

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
