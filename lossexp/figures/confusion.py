"""The confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay

from lossexp.figures.style import GREY, new_figure, shortened, style
from lossexp.metrics.segmentation import confusion

MOST_NUMBERS, MOST_DIGITS = 20, 4
MOST_NAMES = 40


def confusion_matrix(
    labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str], *, title: str = ""
) -> Figure:
    """Draws the confusion matrix of class numbers `[n]`, 0 to `len(class_names) - 1`: `confusion_of_counts` of them."""
    counts = confusion(np.asarray(labels, np.int64), np.asarray(predicted, np.int64), len(class_names))
    return confusion_of_counts(counts, class_names, title=title)


def label_noise(clean: np.ndarray, noisy: np.ndarray, class_names: Sequence[str], *, title: str = "") -> Figure:
    """Draws where labels went, of class numbers `[n]`: the classes in rows, their labels in columns."""
    figure = confusion_matrix(clean, noisy, class_names, title=title)
    figure.axes[0].set(xlabel="label", ylabel="class")
    figure.axes[1].set(ylabel="share of the class")
    return figure


def confusion_of_counts(counts: np.ndarray, class_names: Sequence[str], *, title: str = "") -> Figure:
    """Draws a confusion matrix `[K, K]`, true classes in rows, of examples or of pixels.

    Colours are fractions of each true class, so that rows sum to 1. Up to 20 classes, every cell also has its number,
    or that fraction in percent where a number is long.
    """
    k = len(class_names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [shortened(name) for name in class_names]
    with style():
        side = float(np.clip(2.0 + 0.42 * k, 3.6, 11))
        figure = new_figure(side + 1.2, side, title)
        axes = figure.subplots()
        axes.grid(False)
        display = ConfusionMatrixDisplay(shares, display_labels=names)
        display.plot(ax=axes, cmap="Blues", colorbar=False, include_values=False, im_kw={"vmin": 0, "vmax": 1})
        if k <= MOST_NUMBERS:
            _write_counts(axes, counts, shares)
        _name_axes(axes, k, names)
        bar = figure.colorbar(display.im_, ax=axes, shrink=0.8, label="share of the true class")
        bar.outline.set_visible(False)
    return figure


def _write_counts(axes: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    size = 10 if len(counts) <= 12 else 7
    short = counts.max() < 10**MOST_DIGITS
    for (row, column), number in np.ndenumerate(counts):
        share = shares[row, column]
        if number:
            text = f"{number}" if short else f"{100 * share:.0f}%" if share >= 0.005 else "<1%"
            axes.text(
                column, row, text, ha="center", va="center", color="white" if share > 0.5 else "black", fontsize=size
            )


def _name_axes(axes: Axes, k: int, names: Sequence[str]) -> None:
    if k > MOST_NAMES:
        ticks = np.arange(0, k, max(1, k // 50) * 10)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_yticks(ticks, [str(tick) for tick in ticks])
    elif max(map(len, names)) > 2:
        axes.tick_params(axis="x", rotation=45 if k <= 12 else 90)
        for label in axes.get_xticklabels():
            label.set(ha="right" if k <= 12 else "center", rotation_mode="anchor" if k <= 12 else "default")
    axes.set(xlabel="predicted", ylabel="true")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors="black")
    axes.set_facecolor(GREY)
