"""The model of a run, built with what it asks for of the data and the loss."""

from __future__ import annotations

import functools
from typing import Any

from lossexp.config.job import Job
from lossexp.config.targets import locate
from lossexp.config.values import SPECIAL
from lossexp.datasets.dataset import Dataset
from lossexp.losses.base.loss import Loss
from lossexp.models.needs import arguments


def build_model(job: Job, dataset: Dataset, loss: Loss, num_outputs: int) -> Any:
    """What the group `model` describes. Raises InputError where it does not take what the data and the loss ask for."""
    needs = {
        "input_shape": dataset.input_shape,
        "num_outputs": num_outputs,
        "head": loss.head,
        "initial_bias": initial_bias(loss, dataset),
        "task": dataset.task,
        "vocabulary_size": dataset.inputs.vocabulary,
        "trusted_packages": list(job.trusted),
    }
    node = job.prepare("model")
    path = node["_target_"]
    own = {name: value for name, value in node.items() if name not in SPECIAL}
    make = functools.partial(locate(path, "model", job.trusted), **own)
    return job.build("model", **arguments(make, needs, f"model._target_={path}"))


def initial_bias(loss: Loss, dataset: Dataset) -> float | None:
    """Where the loss wants the head's bias to start; by the answers no and yes where it asks that of many labels."""
    counts = dataset.class_counts
    if dataset.task == "multilabel" and loss.labels == "binary":
        counts = (dataset.train.y.size - sum(counts), sum(counts))
    return loss.initial_bias(counts) if counts else None
