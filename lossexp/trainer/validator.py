"""Validation after an epoch: the same quick metrics whatever the loss, and the loss itself for the curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lossexp.base import links
from lossexp.base.variables import untouched
from lossexp.datasets.dataset import Dataset, Split
from lossexp.losses.base.loss import Loss
from lossexp.losses.noise.transition import NoisyLabels
from lossexp.metrics.outputs import Outputs, outputs_of
from lossexp.trainer.memorisation import Memorisation
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.residence import fits
from lossexp.trainer.step import encode_labels


class Validation(NamedTuple):
    """metrics: keys `val/...`, and of noisy training labels `train/...`. finite: whether all outputs were."""

    metrics: dict[str, float]
    finite: bool


class Validator:
    """Scores the model on the validation split. Its inputs stay on the device up to `megabytes`.

    Scoring leaves the state of model and loss as it was, so that training does not depend on it.
    """

    def __init__(self, predict: Predictor, loss: Loss, dataset: Dataset, split: Split, megabytes: float):
        self._link = links.for_task(loss.link, dataset.task)
        noisy = dataset.train.clean_y is not None
        self._memorisation = Memorisation(predict, dataset, self._link, megabytes) if noisy else dict
        self.predict, self._loss, self._dataset, self._split = predict, loss, dataset, split
        self._x = tf.constant(split.x) if fits(split.x, megabytes) else split.x
        self._y = encode_labels(tf.constant(split.y), loss.labels, dataset.num_classes)

    def __call__(self) -> Validation:
        outputs = self.predict(self._x)
        found = outputs_of(outputs, self._split.y, self._dataset, self._link)
        scores = found.quick_score() | self._of_noise(found)
        with untouched(self._loss):
            value = self._loss(self._y, tf.constant(outputs), sample_weight=self._split.sample_weight)
        metrics = {"val/loss": float(np.asarray(value)), **{f"val/{name}": score for name, score in scores.items()}}
        return Validation(metrics | self._memorisation(), bool(np.isfinite(outputs).all()))

    def _of_noise(self, found: Outputs) -> dict[str, float]:
        """Of noisy labels: accuracy on the right ones, and on the noisy ones by p T, where the loss knows T."""
        if self._split.clean_y is None:
            return {}
        scores = {"accuracy_clean": float((found.predicted() == self._split.clean_y).mean())}
        if isinstance(self._loss, NoisyLabels):
            noisy = links.probabilities(found.outputs, self._link) @ self._loss.matrix(self._dataset.num_classes)
            scores["accuracy_through_T"] = float((noisy.argmax(axis=1) == self._split.y).mean())
        return scores
