"""Learning curves, with one panel per metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lossexp.figures.memorisation import OF_NOISE
from lossexp.figures.style import BLUE, GREY, ORANGE, new_figure, style
from lossexp.metrics.table import BY_NAME

SPLITS = {"train": BLUE, "val": ORANGE}
ORDER = ("loss", *BY_NAME)
MOST_PANELS = 6
LOG_RATIO = 50

Curve = tuple[list[int], list[float]]


def learning_curves(records: Sequence[Mapping[str, Any]], *, best_step: int | None = None, title: str = "") -> Figure:
    """Draws every metric that the records call `train/<metric>` or `val/<metric>` against the training step.

    records: as `read_metrics` returns them, `{"step": int, "metrics": {name: value}}`. best_step: the step that is
    marked by a line, or None. The loss comes first, and there are at most six panels. Values that are not finite
    leave gaps. A panel is logarithmic where its values are positive and span a factor above 50.
    """
    curves = {(metric, split): _curve(records, f"{split}/{metric}") for metric, split in _names(records)}
    metrics = sorted({metric for metric, _ in curves}, key=_rank)[:MOST_PANELS]
    columns = 2 if len(metrics) == 4 else min(3, max(1, len(metrics)))
    rows = max(1, math.ceil(len(metrics) / columns))
    with style():
        figure = new_figure(4.2 * columns, 3.1 * rows + 0.3, title)
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for metric, axes in zip(metrics, panels):
            drawn = {split: curves[metric, split] for split in SPLITS if (metric, split) in curves}
            _draw(axes, metric, drawn, best_step)
        for axes in list(figure.axes)[len(metrics) :]:
            axes.set_axis_off()
        if not metrics:
            figure.axes[0].text(0.5, 0.5, "no metrics yet", ha="center", va="center", color=GREY)
    return figure


def _draw(axes: Axes, metric: str, curves: Mapping[str, Curve], best_step: int | None) -> None:
    for split, (steps, values) in curves.items():
        marker = "o" if len(steps) <= 30 else None
        axes.plot(steps, values, color=SPLITS[split], label=split, marker=marker, markersize=3.5)
    if best_step is not None:
        axes.axvline(best_step, color=GREY, linestyle="--", linewidth=1.2, label="best", zorder=1)
    positive = [v for _, values in curves.values() for v in values if math.isfinite(v)]
    if positive and min(positive) > 0 and max(positive) / min(positive) > LOG_RATIO:
        axes.set_yscale("log")
    axes.set_title(BY_NAME[metric].label if metric in BY_NAME else metric)
    axes.set_xlabel("step")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.legend()


def _curve(records: Sequence[Mapping[str, Any]], name: str) -> Curve:
    points = [(r["step"], float(r["metrics"][name])) for r in records if name in r["metrics"]]
    return [step for step, _ in points], [v if math.isfinite(v) else math.nan for _, v in points]


def _names(records: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """The `(metric, split)` of every curve; nested names such as `val/recall/cat` are too many for panels.

    What noise did has a figure of its own.
    """
    parts = {tuple(name.split("/")) for record in records for name in record["metrics"].keys() - OF_NOISE}
    return {(name[1], name[0]) for name in parts if len(name) == 2 and name[0] in SPLITS}


def _rank(metric: str) -> tuple[int, str]:
    return (ORDER.index(metric) if metric in ORDER else len(ORDER), metric)
