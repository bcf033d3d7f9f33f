"""Metrics of predicted values, in the unit of the values given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import r2_score

from lossexp.metrics.keys import keys
from lossexp.metrics.measured import Measured


class Values(Measured):
    """Predicted values `[n, D]` as outputs, and true ones `[n]` or `[n, D]`."""

    def __post_init__(self):
        super().__post_init__()
        self.outputs, self.labels = columns(self.outputs), columns(self.labels)
        if self.outputs.shape != self.labels.shape:
            raise ValueError(f"labels {self.labels.shape} and outputs {self.outputs.shape}; expected [n, D] both")

    def predicted(self):
        return self.outputs[:, 0] if self.outputs.shape[1] == 1 else self.outputs

    def scores(self):
        return value_metrics(self.outputs, self.labels, self.names)

    def quick_scores(self):
        return error_metrics(self.outputs, self.labels)


def value_metrics(predicted: np.ndarray, true: np.ndarray, names: Sequence[str] = ()) -> dict[str, float]:
    """`rmse`, `mae` and `r2` of values `[n]` or `[n, D]`: means over the D outputs.

    For D > 1, `rmse/<output>` and `r2/<output>` are of each. names: of the outputs; empty for numbers. `r2` is left
    out below two examples, where it has no meaning.
    """
    predicted, true = columns(predicted), columns(true)
    scores, of_each = error_metrics(predicted, true), {"rmse": rmse(predicted, true)}
    if len(true) >= 2:
        of_each["r2"] = r2_score(true, predicted, multioutput="raw_values")
        scores["r2"] = float(np.mean(of_each["r2"]))
    if true.shape[1] > 1:
        names = names or [str(number) for number in range(true.shape[1])]
        for metric, values in of_each.items():
            scores |= {key: float(value) for key, value in zip(keys(metric, names), values, strict=True)}
    return scores


def error_metrics(predicted: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """`rmse` and `mae` of values `[n]` or `[n, D]`: means over the D outputs."""
    predicted, true = columns(predicted), columns(true)
    return {"rmse": float(np.mean(rmse(predicted, true))), "mae": float(np.mean(np.abs(predicted - true)))}


def rmse(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The root mean squared error of each output, `[D]`, of values `[n, D]`."""
    return np.sqrt(np.mean((predicted - true) ** 2, axis=0))


def columns(values: np.ndarray) -> np.ndarray:
    """Values `[n]` or `[n, D]` as `[n, D]` float64."""
    values = np.asarray(values, np.float64)
    return values.reshape(len(values), -1)
