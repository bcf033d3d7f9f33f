"""Which epoch was best, by a metric that does not depend on the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping

import keras
import numpy as np

from lossexp.base.errors import InputError
from lossexp.base.variables import weights_of

HIGHER_IS_BETTER = {"val/accuracy": True, "val/nll": False, "val/rmse": False, "val/mae": False}


class Monitor:
    """Keeps the weights of the best epoch so far.

    metric: `"auto"` (validation accuracy, or RMSE for regression) or a key of `HIGHER_IS_BETTER`. A loss
    value is refused: it is not comparable between losses, so choosing by it would favour some.
    """

    def __init__(self, metric: str, task: str):
        auto = "val/rmse" if task == "regression" else "val/accuracy"
        self.metric = auto if metric == "auto" else metric
        fits = [m for m in HIGHER_IS_BETTER if (m in ("val/rmse", "val/mae")) == (task == "regression")]
        if self.metric not in fits:
            reason = (
                "a loss value is not comparable between losses, so choosing by it favours some of them"
                if "loss" in str(metric)
                else "it is not one of the metrics measured each epoch"
            )
            shown = "null" if metric is None else metric
            raise InputError(f"trainer.monitor={shown}: {reason}. For this task use auto or one of {', '.join(fits)}.")
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
        return value >= self.best_value if HIGHER_IS_BETTER[self.metric] else value <= self.best_value

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
