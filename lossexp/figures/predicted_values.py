"""Predicted against true values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lossexp.figures.style import BLUE, GREY, INK, new_figure, shortened, style
from lossexp.metrics.regression import columns, value_metrics
from lossexp.metrics.table import BY_NAME

MOST_POINTS = 3000
MOST_PANELS = 9


def predicted_versus_true(
    true: np.ndarray, predicted: np.ndarray, *, names: Sequence[str] = (), title: str = ""
) -> Figure:
    """Draws one point per example and the line of perfect predictions; above 3000 examples, their density.

    true, predicted: values `[n]`, or `[n, D]` with a panel for each output up to nine, in the original unit. names: of
    the outputs; empty for numbers. Pairs that are not finite are left out and counted.
    """
    true, predicted = columns(true), columns(predicted)
    panels = min(true.shape[1], MOST_PANELS)
    across = min(3, panels) if panels != 4 else 2
    down, side = math.ceil(panels / across), 5.0 if panels == 1 else 3.6
    with style():
        figure = new_figure(side * across + 0.2, side * down, title)
        grid = list(figure.subplots(down, across, squeeze=False).flat)
        for number, axes in enumerate(grid[:panels]):
            name = shortened(names[number], 30) if names else f"output {number}"
            _panel(axes, true[:, number], predicted[:, number], name if true.shape[1] > 1 else "")
        for axes in grid[panels:]:
            axes.set_axis_off()
        if panels < true.shape[1]:
            figure.supxlabel(f"the first {panels} of {true.shape[1]} outputs", fontsize=9)
    return figure


def _panel(axes: Axes, true: np.ndarray, predicted: np.ndarray, name: str) -> None:
    good = np.isfinite(true) & np.isfinite(predicted)
    lost = int((~good).sum())
    if good.any():
        _draw(axes, true[good], predicted[good])
    axes.set(xlabel="true", ylabel="predicted")
    axes.set_title(_note(true[good], predicted[good], lost, name), fontsize=10, fontweight="normal")


def _note(true: np.ndarray, predicted: np.ndarray, lost: int, name: str) -> str:
    scores = value_metrics(predicted, true) if len(true) else {}
    said = ", ".join(f"{BY_NAME[metric].label} {value:.4g}" for metric, value in scores.items())
    return "\n".join(filter(None, [name, said, f"{lost} not finite, left out" if lost else ""]))


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
