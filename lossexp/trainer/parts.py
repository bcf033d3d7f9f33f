"""What is trained."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from lossexp.datasets.dataset import Dataset
from lossexp.losses.base.loss import Loss


@dataclass(frozen=True)
class Parts:
    """A dataset, and a model, loss and optimizer that were checked to fit it and each other.

    savable: whether the model comes back from a `.keras` file as it was.
    """

    dataset: Dataset
    model: keras.Model
    loss: Loss
    optimizer: keras.optimizers.Optimizer
    savable: bool = True
