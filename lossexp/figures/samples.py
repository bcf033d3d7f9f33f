"""What the model gets to see: a grid of images, with masks beside them where there are any, or a table of features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from lossexp.figures.masks import FIRST, ClassColours
from lossexp.figures.pictures import pixels, show, value_range, without_frame
from lossexp.figures.series import series_grid
from lossexp.figures.style import INK, RED, new_figure, shortened, style
from lossexp.metrics.table import ONE_CLASS

COLUMNS = 8
MOST_ROWS = 10
PAIRS, PAIR_ROWS = 4, 4
TABLE_ROWS, TABLE_COLUMNS = 12, 10


def sample_grid(
    x: np.ndarray,
    y: np.ndarray,
    *,
    task: str = "multiclass",
    kind: str = "image",
    clean_y: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    ignore_class: int | None = None,
    title: str = "",
) -> Figure:
    """Draws a few examples of a split: of each class the first, unless there are too many classes for that, or none.

    x: images `[n, height, width]` or `[n, height, width, channels]`, of any range; series `[n, steps, features]` where
    `kind` is `"series"`; other shapes become a table of features. y: as a dataset of this task has it. clean_y: what y
    would be without noise, or None; examples with another label have both in their caption, in red.
    """
    y = np.asarray(y)
    if task == "segmentation":
        return _masks(x, y, class_names, ignore_class, title)
    true = y if clean_y is None else clean_y
    with style():
        if kind == "series":
            few = zip(y[: COLUMNS * MOST_ROWS], true, strict=False)
            return series_grid(x, [_both(label, clean, task, class_names) for label, clean in few], title)
        if x.ndim not in (3, 4):
            return _feature_table(x.reshape(len(x), -1), y, true, task, class_names, title)
        if task in ONE_CLASS and len(class_names) <= MOST_ROWS and clean_y is None:
            return _a_row_a_class(x, y.reshape(-1), [shortened(name) for name in class_names], title)
        return _captioned(x, y, true, task, class_names, title)


def _a_row_a_class(x: np.ndarray, y: np.ndarray, names: Sequence[str], title: str) -> Figure:
    tall, across = x.shape[1] / x.shape[2], 1.1  # images are 1 wide
    down, (low, high) = tall + 0.1, value_range(x)
    width = 0.95 * COLUMNS + 0.085 * max(map(len, names))
    figure = new_figure(width, 0.86 * down * len(names) + (0.45 if title else 0.2), title)
    axes = figure.subplots()
    for k in range(len(names)):
        for column, i in enumerate(np.flatnonzero(y == k)[:COLUMNS]):
            show(axes, pixels(x[i], low, high), column * across, k * down)
    axes.set(xlim=(0, COLUMNS * across - 0.1), ylim=(len(names) * down - 0.1, 0))
    axes.set_yticks(np.arange(len(names)) * down + tall / 2, names)
    axes.set_xticks([])
    without_frame(axes)
    return figure


def _captioned(x: np.ndarray, y: np.ndarray, true: np.ndarray, task: str, names: Sequence[str], title: str) -> Figure:
    """The first images, each below its label; larger ones where that is long."""
    captions = [_both(label, clean, task, names) for label, clean in zip(y[: 5 * COLUMNS], true, strict=False)]
    columns = COLUMNS if max(map(len, captions)) <= 16 else 5
    captions = captions[: 5 * columns]
    rows, unit = -(-len(captions) // columns), 7.6 / columns  # inches an image
    tall, across = x.shape[1] / x.shape[2], 1.1
    down, (low, high) = tall + 0.38 / unit, value_range(x)
    figure = new_figure(unit * columns, 0.86 * unit * down * rows + (0.45 if title else 0.2), title)
    axes = figure.subplots()
    for i, text in enumerate(captions):
        left, top = i % columns * across, i // columns * down
        show(axes, pixels(x[i], low, high), left, top)
        text = shortened(text, int(17 * unit))
        colour = INK if np.array_equal(y[i], true[i]) else RED
        axes.text(left + 0.5, top - 0.06, text, ha="center", va="bottom", fontsize=8, color=colour)
    axes.set(xlim=(0, columns * across - 0.1), ylim=(rows * down - 0.3 / unit, -0.3 / unit))
    axes.set_xticks([])
    axes.set_yticks([])
    without_frame(axes)
    return figure


def _masks(x: np.ndarray, y: np.ndarray, names: Sequence[str], ignore_class: int | None, title: str) -> Figure:
    """Pairs of an image and the same image below its mask."""
    tall, (low, high) = x.shape[1] / x.shape[2], value_range(x)
    count = min(len(x), PAIRS * PAIR_ROWS)
    rows, across, down = -(-count // PAIRS), 2.25, tall + 0.15
    colours = ClassColours(y[:FIRST], names, ignore_class)
    with style():
        legend = 0.25 * -(-len(names) // 6)
        figure = new_figure(8.2, 0.86 * down * rows + legend + (0.55 if title else 0.3), title)
        axes = figure.subplots()
        for i in range(count):
            left, top, image = i % PAIRS * across, i // PAIRS * down, pixels(x[i], low, high)
            show(axes, image, left, top)
            show(axes, image, left + 1.03, top)
            show(axes, colours.paint(y[i], background=False), left + 1.03, top, alpha=0.75)
        axes.set(xlim=(0, PAIRS * across - 0.22), ylim=(rows * down - 0.15, 0))
        axes.set_xticks([])
        axes.set_yticks([])
        without_frame(axes)
        colours.legend(figure)
    return figure


def _feature_table(
    x: np.ndarray, y: np.ndarray, true: np.ndarray, task: str, names: Sequence[str], title: str
) -> Figure:
    few = np.arange(min(len(x), TABLE_ROWS))
    chosen = _of_each_class(y.reshape(-1), len(names), TABLE_ROWS) if task in ONE_CLASS else few
    values = x[chosen, :TABLE_COLUMNS].astype(np.float64)
    captions = [shortened(_both(y[i], true[i], task, names), 26) for i in chosen]
    rows, columns = values.shape
    figure = new_figure(1.0 + 0.075 * max(8, *map(len, captions)) + 0.72 * columns, 0.9 + 0.34 * rows, title)
    axes = figure.subplots()
    largest = np.nanmax(np.abs(values), axis=0, initial=1e-300)  # of a feature; they may be of any size
    axes.imshow(values / largest, cmap="PuOr_r", norm=TwoSlopeNorm(0, -1.6, 1.6), aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=8.5, color=INK)
    axes.set_xticks(range(columns), [f"x{column}" for column in range(columns)])
    axes.set_yticks(range(rows), captions)
    for i, text in zip(chosen, axes.get_yticklabels(), strict=True):
        text.set_color(INK if np.array_equal(y[i], true[i]) else RED)
    axes.xaxis.tick_top()
    without_frame(axes)
    if task == "regression" and len(names):
        axes.set_ylabel(shortened(", ".join(names), 40), fontsize=9)
    if x.shape[1] > columns:
        axes.set_xlabel(f"the first {columns} of {x.shape[1]} features", fontsize=9)
    return figure


def _of_each_class(y: np.ndarray, num_classes: int, count: int) -> np.ndarray:
    """Positions of at most `count` examples, equally many of each class, sorted by class."""
    first = [np.flatnonzero(y == k)[: max(1, count // num_classes)] for k in range(num_classes)]
    return np.concatenate(first)[:count]


def _both(label: np.ndarray, clean: np.ndarray, task: str, names: Sequence[str]) -> str:
    """The caption of an example, and where its label is wrong what it would be without noise."""
    said = caption(label, task, names)
    return said if np.array_equal(label, clean) else f"{said} (is {caption(clean, task, names)})"


def caption(y: np.ndarray, task: str, names: Sequence[str]) -> str:
    """The label of one example in words: its class, its labels, or its values."""
    if task == "regression":
        return ", ".join(f"{value:.6g}" for value in np.atleast_1d(y))
    if task == "multilabel":
        return ", ".join(names[k] for k in np.flatnonzero(y)) or "none"
    return names[int(y)]
