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
    counts = dataset.class_counts
    if counts:
        loss.adapt(getattr(loss, "class_counts", None) or counts)  # the user's own go first
    needs: dict[str, Any] = {
        "input_shape": dataset.input_shape,
        "num_outputs": num_outputs,
        "head": loss.head,
        "initial_bias": loss.initial_bias(counts) if counts else None,
    }
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


def loss_start(loss: Loss, dataset: Dataset) -> list[float]:
    """Outputs that predict the mean of the training targets, `[width]`, where a model's own head starts at 0."""
    link, mean = links.named(loss.link), float(np.mean(dataset.train.y))
    return [] if link.positive and mean <= 0 else link.at_values(np.array([mean]))[0].tolist()


def build_optimizer(job: Job, total_steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its learning-rate schedule over `total_steps`; InputError for a setting that cannot work."""
    settings = job.prepare("optimizer")
    given = settings.get("learning_rate")
    check_learning_rate(given)
    check_together(settings)
    check_steps(settings, total_steps)
    rate = job.build("schedule", learning_rate=given, total_steps=total_steps)
    return job.build("optimizer", learning_rate=rate)
