"""What the model gets to see: a grid of images, or a table of features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from lossexp.figures.style import INK, new_figure, shortened, style

COLUMNS = 8
MOST_ROWS = 10
TABLE_ROWS, TABLE_COLUMNS = 12, 10


def sample_grid(
    x: np.ndarray,
    y: np.ndarray,
    *,
    class_names: Sequence[str] = (),
    title: str = "",
) -> Figure:
    """Draws a few examples of a split: the first of each class, unless there are too many classes for that, or none.

    x: images `[n, height, width]` or `[n, height, width, channels]`, of any range; other shapes become a table of
    features. y: `[n]` class numbers, or values where class_names is empty.
    """
    y = np.asarray(y).reshape(-1)
    names = [shortened(str(name)) for name in class_names]
    with style():
        if x.ndim in (3, 4):
            return _image_grid(x, y, names, title)
        return _feature_table(x.reshape(len(x), -1), y, names, title)


def _image_grid(x: np.ndarray, y: np.ndarray, names: list[str], title: str) -> Figure:
    by_class = 0 < len(names) <= MOST_ROWS
    if by_class:
        rows = [np.flatnonzero(y == k)[:COLUMNS] for k in range(len(names))]
    else:
        count = min(len(x), 5 * COLUMNS)
        rows = [np.arange(start, min(start + COLUMNS, count)) for start in range(0, count, COLUMNS)]
    tall = x.shape[1] / x.shape[2]
    across, down = 1.1, tall + (0.1 if by_class else 0.4)  # distance between images, which are 1 wide
    width = 0.95 * COLUMNS + (0.085 * max(map(len, names)) if by_class else 0)
    figure = new_figure(width, 0.86 * down * len(rows) + (0.45 if title else 0.2), title)
    axes = figure.subplots()  # one for all images: an axes each takes ten times as long
    for row, chosen in enumerate(rows):
        for column, index in enumerate(chosen):
            left, top = column * across, row * down
            place = (left, left + 1, top + tall, top)
            axes.imshow(_pixels(x[index], x), extent=place, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if not by_class:
                label = _label(y[index], names)
                axes.text(left + 0.5, top - 0.06, label, ha="center", va="bottom", fontsize=8, color=INK)
    axes.set(xlim=(0, COLUMNS * across - 0.1), ylim=(len(rows) * down - 0.1, 0 if by_class else -0.3))
    axes.set_yticks([row * down + tall / 2 for row in range(len(rows))], names if by_class else [""] * len(rows))
    axes.set_xticks([])
    _only_labels(axes)
    return figure


def _pixels(image: np.ndarray, x: np.ndarray) -> np.ndarray:
    """One image, scaled to [0, 1] by the range of the first images, with one or three channels."""
    shown = x[: COLUMNS * MOST_ROWS].astype(np.float64)
    low, high = np.nanmin(shown), np.nanmax(shown)
    image = (np.asarray(image, np.float64) - low) / ((high - low) or 1.0)
    if image.ndim == 3 and image.shape[-1] != 3:
        image = image[..., 0]
    return np.clip(np.nan_to_num(image), 0, 1)


def _feature_table(x: np.ndarray, y: np.ndarray, names: list[str], title: str) -> Figure:
    chosen = _of_each_class(y, len(names), TABLE_ROWS) if names else np.arange(min(len(x), TABLE_ROWS))
    values = x[chosen, :TABLE_COLUMNS].astype(np.float64)
    rows, columns = values.shape
    figure = new_figure(1.6 + 0.72 * columns, 0.9 + 0.34 * rows, title)
    axes = figure.subplots()
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    axes.imshow(values, cmap="PuOr_r", norm=TwoSlopeNorm(0, -1.6 * largest, 1.6 * largest), aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=8.5, color=INK)
    axes.set_xticks(range(columns), [f"x{column}" for column in range(columns)])
    axes.set_yticks(range(rows), [_label(value, names) for value in y[chosen]])
    axes.xaxis.tick_top()
    _only_labels(axes)
    if x.shape[1] > columns:
        axes.set_xlabel(f"the first {columns} of {x.shape[1]} features", fontsize=9)
    return figure


def _only_labels(axes: Axes) -> None:
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)


def _of_each_class(y: np.ndarray, num_classes: int, count: int) -> np.ndarray:
    """Positions of at most `count` examples, equally many of each class, sorted by class."""
    first = [np.flatnonzero(y == k)[: max(1, count // num_classes)] for k in range(num_classes)]
    return np.concatenate(first)[:count]


def _label(value: float, names: list[str]) -> str:
    return names[int(value)] if names else f"{float(value):.6g}"
