"""Validation after an epoch: the same quick metrics whatever the loss, and the loss itself for the curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lossexp.base import links
from lossexp.base.variables import untouched
from lossexp.datasets.dataset import Dataset, Split
from lossexp.losses.base.loss import Loss
from lossexp.metrics.outputs import outputs_of
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.residence import fits
from lossexp.trainer.step import encode_labels


class Validation(NamedTuple):
    """metrics: keys `val/...`. finite: whether all outputs were."""

    metrics: dict[str, float]
    finite: bool


class Validator:
    """Scores the model on the validation split. Its inputs stay on the device up to `megabytes`.

    Scoring leaves the state of model and loss as it was, so that training does not depend on it.
    """

    def __init__(self, predict: Predictor, loss: Loss, dataset: Dataset, split: Split, megabytes: float):
        self.predict, self._loss, self._dataset, self._split = predict, loss, dataset, split
        self._x = tf.constant(split.x) if fits(split.x, megabytes) else split.x
        self._y = encode_labels(tf.constant(split.y), loss.labels, dataset.num_classes)

    def __call__(self) -> Validation:
        outputs = self.predict(self._x)
        link = links.for_task(self._loss.link, self._dataset.task)
        scores = outputs_of(outputs, self._split.y, self._dataset, link).quick_score()
        with untouched(self._loss):
            value = self._loss(self._y, tf.constant(outputs), sample_weight=self._split.sample_weight)
        metrics = {"val/loss": float(np.asarray(value)), **{f"val/{name}": score for name, score in scores.items()}}
        return Validation(metrics, bool(np.isfinite(outputs).all()))
