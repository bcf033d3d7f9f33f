"""Scores of every class or label, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lossexp.figures.style import BLUE, GREY, INK, ORANGE, new_figure, shortened, style

MOST_NAMES = 40
THICKNESS = 0.38
COLOURS = (BLUE, ORANGE)


def scores_by_name(
    scores: Mapping[str, np.ndarray],
    names: Sequence[str],
    support: Sequence[str],
    *,
    chance: np.ndarray | None = None,
    title: str = "",
) -> Figure:
    """Draws a bar for each name and each of one or two scores, which are between 0 and 1 and `[K]` each.

    support: said behind each name, such as how many examples there are. chance: of the first score, what guessing
    reaches, `[K]`, marked by a line. A score that is NaN has no bar. Above 40 names, those with the lowest first score
    are drawn.
    """
    first = next(iter(scores.values()))
    drawn = np.arange(len(names)) if len(names) <= MOST_NAMES else np.sort(np.argsort(first)[:MOST_NAMES])
    with style():
        figure = new_figure(6.4, 1.1 + 0.32 * len(drawn), title)
        axes = figure.subplots()
        rows = np.arange(len(drawn))
        for number, (score, values) in enumerate(scores.items()):
            place = rows + (number - (len(scores) - 1) / 2) * THICKNESS
            axes.barh(place, values[drawn], THICKNESS * 0.92, color=COLOURS[number], label=score)
        if chance is not None:
            at = rows - (len(scores) - 1) / 2 * THICKNESS
            half = THICKNESS / 2
            axes.vlines(chance[drawn], at - half, at + half, color=INK, linewidth=1.6, label="by chance")
        axes.set_yticks(rows, [shortened(names[k], 20) for k in drawn])
        for row, k in enumerate(drawn):
            axes.text(1.02, row, support[k], va="center", ha="left", fontsize=8.5, color=GREY)
        axes.set(xlim=(0, 1), ylim=(len(drawn) - 0.4, -0.6))
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
        if len(drawn) < len(names):
            axes.set_xlabel(f"the {len(drawn)} lowest of {len(names)}")
        figure.legend(loc="outside upper right", ncols=3, fontsize=9)
    return figure
