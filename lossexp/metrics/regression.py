"""Regression metrics, in the unit of the values given."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import r2_score


def value_metrics(predicted: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """`rmse`, `mae`, `r2` of values `[n]`; `r2` is left out below two examples, where it has no meaning."""
    scores = error_metrics(predicted, true)
    if len(true) >= 2:
        scores["r2"] = float(r2_score(true, predicted))
    return scores


def error_metrics(predicted: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """`rmse` and `mae` of values `[n]`."""
    error = predicted - true
    return {"rmse": float(np.sqrt(np.mean(error**2))), "mae": float(np.mean(np.abs(error)))}
