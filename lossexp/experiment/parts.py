"""What a run trains: loss, model and optimizer, built for the dataset and checked to fit it and each other."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from lossexp.base import links
from lossexp.base.blame import blaming
from lossexp.base.variables import untouched
from lossexp.config.job import Job
from lossexp.config.optimizer_settings import check_learning_rate, check_steps, check_together
from lossexp.datasets.dataset import Dataset
from lossexp.datasets.targets import scale_targets
from lossexp.experiment.compatibility import check_loss, try_loss, try_model, try_rate
from lossexp.experiment.model import build_model
from lossexp.losses.base.loss import Loss
from lossexp.losses.base.regression import is_shift_invariant
from lossexp.losses.keras.adapted import as_loss
from lossexp.losses.noise.transition import NoisyLabels
from lossexp.models.check import OF_FIT, check_kind, check_outputs, check_tokens, overridden
from lossexp.models.preprocessing import preprocessed, served
from lossexp.models.saving_check import is_savable
from lossexp.models.scaled_twice import check_scaled_once
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer


def build_parts(job: Job, dataset: Dataset, trainer: Trainer) -> Parts:
    """Loss, model and optimizer for the dataset; InputError where they do not fit each other, or the trainer."""
    dataset, loss, own, model, num_outputs = untried(job, dataset)
    trainer.check_model(own)
    optimizer = build_optimizer(job, trainer.epochs * trainer.steps_per_epoch(dataset))
    trainer.check_optimizer(optimizer)
    few, setting = dataset.train.x[:32], job.named("model")
    check_scaled_once(own, dataset.inputs)
    with untouched(model), blaming(setting):
        check_tokens(model, dataset)
        check_outputs(model, few, num_outputs, dataset.task)
    try_model(model, dataset, setting)
    try_loss(loss, model, dataset, job.named("loss"))
    savable = is_savable(served(model, dataset, loss.link), dataset.inputs.raw(few[:4]))
    return Parts(dataset, model, loss, optimizer, own, savable)


class Untried(NamedTuple):
    """dataset: with targets as they are trained on. own: the user's model, which is inside `model`, the one to train.

    num_outputs: that the model should have.
    """

    dataset: Dataset
    loss: Loss
    own: keras.Model
    model: keras.Model
    num_outputs: int


def untried(job: Job, dataset: Dataset) -> Untried:
    """Loss and model for the dataset. Raises InputError for a loss that is none of its task; nothing is tried."""
    with blaming(job.named("loss")):
        loss = as_loss(job.build("loss"))
        loss.get_config()  # the user's own may raise, and is asked for later
    num_outputs = check_loss(loss, dataset, job.named("loss"))
    adapt(loss, dataset)
    own = build_model(job, dataset, loss, num_outputs)
    check_kind(own)
    start: list[float] = []
    if dataset.task == "regression":
        with blaming(job.named("loss")):
            dataset = scale_targets(dataset, shift=is_shift_invariant(loss))
        start = [] if overridden(own, OF_FIT) else loss_start(loss, dataset)
    with blaming(job.named("model")):
        return Untried(dataset, loss, own, preprocessed(own, dataset, start), num_outputs)


def adapt(loss: Loss, dataset: Dataset) -> None:
    """Tells the loss of the training split: its counts, which the user's own go before, what does not count, and its
    noise."""
    if dataset.ignore_class is not None:
        loss.ignore_class = dataset.ignore_class
    if dataset.task == "multilabel" and getattr(loss, "examples", 0) is None:
        loss.examples = len(dataset.train)
    if dataset.class_counts:
        loss.adapt(getattr(loss, "class_counts", None) or dataset.class_counts)
    if isinstance(loss, NoisyLabels):
        loss.settle(dataset.class_names, dataset.transition)


def loss_start(loss: Loss, dataset: Dataset) -> list[float]:
    """Outputs that predict the means of the training targets, `[width]`, where a model's own head starts at 0."""
    link, means = links.named(loss.link), np.atleast_1d(dataset.train.y.mean(axis=0, dtype=np.float64))
    return [] if link.positive and (means <= 0).any() else link.at_values(means).reshape(-1).tolist()


def build_optimizer(job: Job, total_steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its learning-rate schedule over `total_steps`; InputError for a setting that cannot work."""
    settings = job.prepare("optimizer")
    given = settings.get("learning_rate")
    check_learning_rate(given)
    check_together(settings)
    check_steps(settings, total_steps)
    rate = job.build("schedule", learning_rate=given, total_steps=total_steps)
    try_rate(rate, job.named("schedule"))
    return job.build("optimizer", learning_rate=rate)
