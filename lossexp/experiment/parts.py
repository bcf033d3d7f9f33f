"""What a run trains: loss, model and optimizer, built for the dataset and checked to fit it and each other."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from lossexp.base import links
from lossexp.base.blame import blaming
from lossexp.base.variables import untouched
from lossexp.config.job import Job
from lossexp.config.optimizer_settings import check_learning_rate, check_steps, check_together
from lossexp.config.signatures import signature
from lossexp.datasets.dataset import Dataset
from lossexp.datasets.targets import scale_targets
from lossexp.experiment.compatibility import check_loss, try_loss
from lossexp.losses.base.loss import Loss
from lossexp.losses.base.regression import is_shift_invariant
from lossexp.losses.keras.adapted import as_loss
from lossexp.models.check import OF_FIT, check_kind, check_outputs, check_tokens, overridden
from lossexp.models.preprocessing import preprocessed
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer


def build_parts(job: Job, dataset: Dataset, trainer: Trainer) -> Parts:
    """Loss, model and optimizer for the dataset; InputError where they do not fit each other."""
    with blaming(f"loss={job['loss']['_target_']}"):
        loss = as_loss(job.build("loss"))
        loss.get_config()  # the user's own may raise, and is asked for later
    num_outputs = check_loss(loss, dataset)
    adapt(loss, dataset)
    needs: dict[str, Any] = {
        "input_shape": dataset.input_shape,
        "num_outputs": num_outputs,
        "head": loss.head,
        "initial_bias": initial_bias(loss, dataset),
    }
    takes = signature(job["model"]["_target_"])
    if takes and "task" in takes.parameters:
        needs["task"] = dataset.task
    own = job.build("model", **needs)
    check_kind(own)
    trainer.check_model(own)
    start: list[float] = []
    if dataset.task == "regression":
        with blaming(f"loss={loss.name}"):
            dataset = scale_targets(dataset, shift=is_shift_invariant(loss))
        start = [] if overridden(own, OF_FIT) else loss_start(loss, dataset)
    model = preprocessed(own, dataset, start)
    optimizer = build_optimizer(job, trainer.epochs * trainer.steps_per_epoch(dataset))
    trainer.check_optimizer(optimizer)
    with untouched(model), blaming(f"model={job['model']['_target_']}"):
        check_tokens(model, dataset)
        check_outputs(model, dataset.train.x[:32], num_outputs, dataset.task)
    try_loss(loss, model, dataset)
    return Parts(dataset, model, loss, optimizer, own)


def adapt(loss: Loss, dataset: Dataset) -> None:
    """Tells the loss of the training split: its counts, which the user's own go before, and what does not count."""
    if dataset.ignore_class is not None:
        loss.ignore_class = dataset.ignore_class
    if dataset.task == "multilabel" and getattr(loss, "examples", 0) is None:
        loss.examples = len(dataset.train)
    if dataset.class_counts:
        loss.adapt(getattr(loss, "class_counts", None) or dataset.class_counts)


def initial_bias(loss: Loss, dataset: Dataset) -> float | None:
    """Where the loss wants the head's bias to start; by the answers no and yes where it asks that of many labels."""
    counts = dataset.class_counts
    if dataset.task == "multilabel" and loss.labels == "binary":
        counts = (dataset.train.y.size - sum(counts), sum(counts))
    return loss.initial_bias(counts) if counts else None


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
    return job.build("optimizer", learning_rate=rate)
