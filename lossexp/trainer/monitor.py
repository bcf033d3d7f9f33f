"""Which epoch was best, by a metric that does not depend on the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping

import keras
import numpy as np

from lossexp.base.errors import InputError
from lossexp.base.variables import weights_of
from lossexp.metrics.table import every_epoch


class Monitor:
    """Keeps the weights of the best epoch so far.

    metric: `val/` and a metric that the table has for every epoch of the task, or `"auto"` for the first of them. A
    loss value is refused: it is not comparable between losses, so choosing by it would favour some.
    """

    def __init__(self, metric: str, task: str):
        fits = {f"val/{known.name}": known.higher_is_better for known in every_epoch(task)}
        self.metric = next(iter(fits)) if metric == "auto" else metric
        if self.metric not in list(fits):  # a setting of any type
            reason = (
                "a loss value is not comparable between losses, so choosing by it favours some of them"
                if "loss" in str(metric)
                else "it is not one of the metrics measured each epoch"
            )
            shown = "null" if metric is None else metric
            raise InputError(f"trainer.monitor={shown}: {reason}. For this task use auto or one of {', '.join(fits)}.")
        self._higher_is_better = fits[self.metric]
        self.best_epoch = -1
        self.best_value = math.nan
        self.best_weights: list[np.ndarray] = []

    def better(self, value: float) -> bool:
        """At least as good as the best so far; never for NaN.

        Of epochs that tie, the latest is kept: on a small validation split accuracy ties often, and the
        first time it is reached is more often luck than the last.
        """
        if math.isnan(value):
            return False
        if math.isnan(self.best_value):
            return True
        return value >= self.best_value if self._higher_is_better else value <= self.best_value

    def update(self, epoch: int, record: Mapping[str, float], model: keras.Model) -> None:
        """Looks at one epoch's record and keeps the weights if it is the best."""
        if self.better(record[self.metric]):
            self.best_epoch, self.best_value = epoch, record[self.metric]
            self.best_weights = [variable.numpy() for variable in weights_of(model)]

    def as_json(self) -> dict:
        """Position without the weights."""
        return {"best_epoch": self.best_epoch, "best_value": self.best_value}

    def resume(self, data: Mapping, weights: list[np.ndarray]) -> None:
        """Continues from `as_json` and the best weights."""
        self.best_epoch, self.best_value, self.best_weights = data["best_epoch"], data["best_value"], weights

    def restore(self, model: keras.Model) -> None:
        """Puts the best epoch's weights into the model; where no epoch was better than NaN, the last stay."""
        if self.best_weights:
            for variable, value in zip(weights_of(model), self.best_weights, strict=True):
                variable.assign(value)
