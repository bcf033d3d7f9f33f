"""How many examples there are of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lossexp.figures.style import BLUE, GREY, new_figure, shortened, style

MOST_NAMES = 40


def class_counts(clean: np.ndarray, noisy: np.ndarray, class_names: Sequence[str], *, title: str = "") -> Figure:
    """Draws the examples of each class before and after noise, of class numbers `[n]`."""
    k = len(class_names)
    positions = np.arange(k)
    with style():
        figure = new_figure(float(np.clip(2.5 + 0.42 * k, 4.5, 12)), 3.4, title)
        axes = figure.subplots()
        axes.bar(positions - 0.2, np.bincount(clean, minlength=k), 0.4, color=GREY, label="before noise")
        axes.bar(positions + 0.2, np.bincount(noisy, minlength=k), 0.4, color=BLUE, label="after noise")
        axes.grid(axis="x", visible=False)
        if k <= MOST_NAMES:
            names = [shortened(name) for name in class_names]
            axes.set_xticks(positions, names, rotation=45 if max(map(len, names)) > 2 else 0)
        axes.set(xlabel="label", ylabel="training examples")
        figure.legend(loc="outside upper right", ncols=2)
    return figure
