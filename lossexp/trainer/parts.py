"""What is trained."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from lossexp.datasets.dataset import Dataset
from lossexp.losses.base.loss import Loss


@dataclass(frozen=True)
class Parts:
    """A dataset, and a model, loss and optimizer that were checked to fit it and each other.

    own: the model as its maker knows it, inside `model`, which does to raw inputs what the dataset asks for; None
    where the two are one. For regression the dataset's targets are in the unit in which the loss sees them.
    """

    dataset: Dataset
    model: keras.Model
    loss: Loss
    optimizer: keras.optimizers.Optimizer
    own: keras.Model | None = None
