"""Examples that are series of one or several features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lossexp.figures.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, new_figure, shortened

COLUMNS, ROWS = 4, 3
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, INK)


def series_grid(x: np.ndarray, captions: Sequence[str], title: str) -> Figure:
    """Draws the first twelve series `[steps, features]` of `x`, up to six features each, below their captions."""
    x, captions = np.asarray(x[: COLUMNS * ROWS], np.float64), captions[: COLUMNS * ROWS]
    down = -(-len(captions) // COLUMNS)
    figure = new_figure(2.3 * COLUMNS, 1.6 * down + 0.6, title)
    panels = figure.subplots(down, COLUMNS, sharex=True, sharey=True, squeeze=False)
    for axes, example, caption in zip(panels.flat, x, captions, strict=False):
        for feature, colour in zip(example.T, COLOURS, strict=False):
            axes.plot(feature, color=colour, linewidth=1.2)
        axes.set_title(shortened(caption, 26), fontsize=8, fontweight="normal")
    for axes in list(panels.flat)[len(captions) :]:
        axes.set_axis_off()
    features, lines = x.shape[2], panels.flat[0].get_lines()
    if features > 1:
        names = [f"x{number}" for number in range(len(lines))]
        figure.legend(lines, names, loc="outside upper right", ncols=len(names), fontsize=8.5)
    hidden = f" (the first {len(lines)} of {features} features)" if len(lines) < features else ""
    figure.supxlabel(f"step{hidden}", fontsize=9)
    return figure
