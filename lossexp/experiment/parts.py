"""What a run trains: loss, model and optimizer, built for the dataset and checked to fit it and each other."""

from __future__ import annotations

import keras

from lossexp.base.blame import blaming
from lossexp.base.variables import untouched
from lossexp.config.job import Job
from lossexp.config.optimizer_settings import check_learning_rate, check_steps, check_together
from lossexp.datasets.dataset import Dataset
from lossexp.experiment.compatibility import check_loss, try_loss, try_model, try_rate
from lossexp.experiment.model import build_model
from lossexp.losses.keras.adapted import as_loss
from lossexp.models.check import check_outputs
from lossexp.models.saving_check import is_savable
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer


def build_parts(job: Job, dataset: Dataset, trainer: Trainer) -> Parts:
    """Loss, model and optimizer for the dataset; InputError where they do not fit each other."""
    with blaming(job.named("loss")):
        loss = as_loss(job.build("loss"))
        loss.get_config()  # the user's own may raise, and is asked for later
    num_outputs = check_loss(loss, dataset)
    counts = dataset.class_counts
    if counts:
        loss.adapt(getattr(loss, "class_counts", None) or counts)  # the user's own go first
    model = build_model(job, dataset, loss, num_outputs)
    optimizer = build_optimizer(job, trainer.epochs * trainer.steps_per_epoch(dataset))
    trainer.check_optimizer(optimizer)
    with untouched(model), blaming(job.named("model")):
        check_outputs(model, dataset.train.x[:32], num_outputs, dataset.task)
    trainer.check_model(model)
    try_model(model, dataset, job.named("model"))
    try_loss(loss, model, dataset)
    return Parts(dataset, model, loss, optimizer, savable=is_savable(model, dataset.train.x[:4]))


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
