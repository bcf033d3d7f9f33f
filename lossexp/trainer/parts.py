"""What is trained."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from lossexp.base import links
from lossexp.datasets.dataset import Dataset
from lossexp.losses.base.loss import Loss
from lossexp.trainer.step import Answers


@dataclass(frozen=True)
class Parts:
    """A dataset, and a model, loss and optimizer that were checked to fit it and each other.

    own: the model as its maker knows it, inside `model`, which does to raw inputs what the dataset asks for; None
    where the two are one. For regression the dataset's targets are in the unit in which the loss sees them. savable:
    whether the model comes back from a `.keras` file as it was.
    """

    dataset: Dataset
    model: keras.Model
    loss: Loss
    optimizer: keras.optimizers.Optimizer
    own: keras.Model | None = None
    savable: bool = True

    @property
    def answers(self) -> Answers:
        """What a training step needs to know of labels and outputs."""
        return Answers(self.dataset.num_classes, self.link, self.dataset.ignore_class)

    @property
    def link(self) -> str | dict:
        """What the model's outputs mean on this task."""
        return links.for_task(self.loss.link, self.dataset.task)
