"""What a model makes of wrong labels: whether it learns them by heart, or predicts what is true in spite of them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from lossexp.datasets.dataset import Dataset, Split
from lossexp.metrics.outputs import outputs_of
from lossexp.trainer.predictor import Predictor
from lossexp.trainer.residence import fits

MOST = 4096  # training examples that are predicted after each epoch


class Memorisation:
    """Accuracies on training examples with noisy labels, on at most 4096, evenly spaced.

    link: of the model's outputs.
    """

    def __init__(self, predict: Predictor, dataset: Dataset, link: str | dict, megabytes: float):
        n = len(dataset.train)
        self._split: Split = dataset.train.rows(np.linspace(0, n - 1, min(n, MOST)).astype(int))
        self._predict, self._dataset, self._link = predict, dataset, link
        self._x = tf.constant(self._split.x) if fits(self._split.x, megabytes) else self._split.x

    def __call__(self) -> dict[str, float]:
        """`train/accuracy_clean_part`: of examples whose label is right. Of those whose label is wrong, the fraction
        predicted to be what that says, `train/accuracy_memorised`, and what is true, `train/accuracy_flipped_true`.
        """
        y, clean = self._split.y, self._split.clean_y
        predicted = outputs_of(self._predict(self._x), y, self._dataset, self._link).predicted()
        wrong = y != clean
        found = {
            "clean_part": (predicted == y)[~wrong],
            "memorised": (predicted == y)[wrong],
            "flipped_true": (predicted == clean)[wrong],
        }
        return {f"train/accuracy_{name}": float(right.mean()) for name, right in found.items() if len(right)}
