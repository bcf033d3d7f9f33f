"""The look that all figures share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart with every common colour vision deficiency, and in grey.
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"
RED = "#C00000"  # for what is wrong, and says so in words too
INK, GREY, LIGHT = "#222222", "#8A8A8A", "#E4E4E4"

STYLE = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign in a class's name is no formula
    "xtick.color": INK,
    "ytick.color": INK,
}


@contextmanager
def style() -> Iterator[None]:
    """Inside the block, artists are made in the common look; matplotlib's own settings return after it."""
    with matplotlib.rc_context(STYLE):
        yield


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """An empty figure, sizes in inches, that keeps its parts from overlapping."""
    figure = Figure(figsize=(width, height), dpi=130, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    return figure


def shortened(name: str, longest: int = 16) -> str:
    """A class name that fits beside a figure."""
    return name if len(name) <= longest else name[: longest - 1] + "…"
