"""The settings of a training, and what follows from them for a dataset."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import keras

from lossexp.base.checks import Count, FromZero, Limit, NonNegative, check_fields
from lossexp.base.trainer_settings import check_together
from lossexp.datasets.dataset import Dataset, Split
from lossexp.process.runtime import Precision
from lossexp.trainer.callback_checks import check_arguments, check_hooks
from lossexp.trainer.devices import OneDevice, Strategy, devices


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingSettings:
    """The settings of a trainer, which are the keys of `conf/trainer/*.yaml`.

    Args:
        epochs: passes over the training split, at least 1.
        batch_size: examples per step, at least 1; the last step of an epoch may be shorter.
        precision: `"float32"`, `"mixed_float16"` (with loss scaling) or `"mixed_bfloat16"`.
        jit_compile: `"auto"` measures and decides; True and False force XLA on and off.
        monitor: what chooses the best epoch: `"auto"`, or `"val/"` and a metric that the task has each epoch.
        limit_train_batches: at most this many steps per epoch; None for all.
        limit_eval_batches: at most this many batches of each evaluated split; None for all.
        overfit_batches: train and validate on this many training batches, the same ones; None for the whole splits.
        deterministic: the same bits twice on the same machine, at some cost in speed.
        device_megabytes: training inputs up to this size live on the device; larger ones are sent in windows.
        checkpoint_seconds: seconds between checkpoints, at least 0; 0 is after every call.
        keep_checkpoints: how many of them are kept; 0 writes none.
        stop_on_nonfinite: whether an objective that is NaN or infinite ends training.
        check_gradients: whether gradients count for that as well (costs time; mixed_float16 skips such steps).
        eager: every step in plain Python, for print() and debuggers; never under XLA.
        profile_epoch: the epoch, from 1, to profile, into `profile` beside the folder of checkpoints; None for none.
        l2: coupled weight decay, at least 0: adds `l2 / 2` times the squared norm of all trainable variables to the
            objective, so `l2 * w` to each gradient (what SGD papers call weight decay). Decoupled decay is
            `optimizer.weight_decay`. A variable with a regularizer of its own keeps that one.
        strategy: `"none"`, `"mirrored"` for all GPUs of this machine, which share each batch, or `"multi_worker"` for
            those of several processes, of one machine or of many, which TF_CONFIG or Slurm names.
        callbacks: Keras callbacks, or None.
        progress: whether to draw a progress bar on a terminal.

    Raises InputError for a value that a setting cannot have, and for settings that do not go together.
    """

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
        object.__setattr__(self, "callbacks", self.callbacks or [])  # the dataclass is frozen
        for callback in self.callbacks:
            check_arguments(callback)
            check_hooks(callback)

    @cached_property
    def devices(self) -> OneDevice:
        """Where steps run."""
        return devices(self.strategy)

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
