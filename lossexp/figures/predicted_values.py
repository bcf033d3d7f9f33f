"""Predicted against true values."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lossexp.figures.style import BLUE, GREY, INK, new_figure, style
from lossexp.metrics.regression import value_metrics
from lossexp.metrics.table import BY_NAME

MOST_POINTS = 3000


def predicted_versus_true(true: np.ndarray, predicted: np.ndarray, *, title: str = "") -> Figure:
    """Draws one point per example and the line of perfect predictions; above 3000 examples, their density.

    true, predicted: values `[n]` in the original unit. Pairs that are not finite are left out and counted.
    """
    true, predicted = np.asarray(true, float).reshape(-1), np.asarray(predicted, float).reshape(-1)
    good = np.isfinite(true) & np.isfinite(predicted)
    true, predicted, lost = true[good], predicted[good], int((~good).sum())
    with style():
        figure = new_figure(5.2, 5.0, title)
        axes = figure.subplots()
        if len(true):
            _draw(axes, true, predicted)
        axes.set(xlabel="true", ylabel="predicted")
        axes.set_title(_note(true, predicted, lost), fontsize=10, fontweight="normal")
    return figure


def _note(true: np.ndarray, predicted: np.ndarray, lost: int) -> str:
    scores = value_metrics(predicted, true) if len(true) else {}
    lines = [", ".join(f"{BY_NAME[name].label} {value:.4g}" for name, value in scores.items())]
    return "\n".join(filter(None, [*lines, f"{lost} not finite, left out" if lost else ""]))


def _draw(axes: Axes, true: np.ndarray, predicted: np.ndarray) -> None:
    low, high = min(true.min(), predicted.min()), max(true.max(), predicted.max())
    margin = 0.04 * (high - low) or 1.0
    limits = (low - margin, high + margin)
    if len(true) > MOST_POINTS:
        axes.hexbin(true, predicted, gridsize=60, extent=(*limits, *limits), bins="log", mincnt=1, cmap="cividis_r")
    else:
        axes.scatter(true, predicted, s=18, color=BLUE, alpha=0.55, linewidths=0)
    axes.plot(limits, limits, color=INK, linewidth=1, linestyle="--", label="perfect", zorder=1)
    axes.set(xlim=limits, ylim=limits)
    axes.set_aspect("equal")
    axes.spines[:].set_color(GREY)
    axes.legend(loc="upper left")
