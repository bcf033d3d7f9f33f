"""The classes of pixels as colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lossexp.figures.style import GREY, INK, LIGHT, shortened

MOST_NAMES = 24
FIRST = 100  # masks that are enough to tell which class is the most frequent
# Tol (2021), "muted": told apart with every common colour vision deficiency, and none of them grey.
MUTED = ["#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE", "#882255", "#44AA99", "#999933", "#AA4499"]


class ClassColours:
    """A colour for each of K classes: light grey for the most frequent one, which often is a background.

    The others have colours that everyone can tell apart; where more than ten are needed there are no such sets, and
    they go from dark to light by their number. Pixels of `ignore_class` are white.

    labels: masks `[n, H, W]` to count in. names: of the classes.
    """

    def __init__(self, labels: np.ndarray, names: Sequence[str], ignore_class: int | None = None):
        self.names, self.ignore_class, k = names, ignore_class, len(names)
        known = labels[labels != ignore_class].astype(int)
        self.background = int(np.bincount(known, minlength=k).argmax())
        others = [*MUTED, INK] if k <= 11 else list(colormaps["viridis"](np.linspace(0, 1, k)))
        others.insert(self.background, LIGHT)
        self.colours = to_rgba_array([*others[:k], "white"])

    def paint(self, mask: np.ndarray, background: bool = True) -> np.ndarray:
        """A mask `[H, W]` as an image `[H, W, 4]`; without `background`, its most frequent class is transparent."""
        colours = self.colours.copy()
        colours[self.background, 3] = float(background)
        return colours[np.where(mask == self.ignore_class, len(self.names), mask)]

    def legend(self, figure: Figure) -> None:
        """Names the colours below the figure; not where there are too many."""
        if len(self.names) > MOST_NAMES:
            return
        patches = [Patch(facecolor=colour, label=shortened(name)) for colour, name in zip(self.colours, self.names)]
        if self.ignore_class is not None:
            patches.append(Patch(facecolor="white", edgecolor=GREY, label="no label"))
        figure.legend(handles=patches, loc="outside lower center", ncols=min(6, len(patches)), fontsize=8.5)
