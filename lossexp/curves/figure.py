"""Losses and their gradients: against margin and probability, or against the error in regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lossexp.figures.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, new_figure, style

if TYPE_CHECKING:
    from lossexp.curves.profile import Profile

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, "#E69F00", INK)
LOG_RATIO = 100  # of the largest curve's top to the smallest one's, from which a linear axis hides the smallest
DECADES = 6  # most decades that a logarithmic axis shows
VALUE = "loss $L$"
DASHES = ("solid", (0, (4, 2)))

Scale = Literal["auto", "linear", "log"]
SCALES = get_args(Scale)


def loss_figure(
    profiles: Mapping[str, Sequence[Profile]],
    *,
    title: str = "",
    note: str = "",
    legend: str | None = None,
    labels: Sequence[str] = (),
    ordered: bool = False,
    scale: Scale = "auto",
    by_probability: bool = True,
) -> Figure:
    """Value above, size of the gradient below; a colour a loss, dashes for its second profile.

    profiles: by the loss's name in the legend, one or two each (for two true labels, called `labels`). All
    are of classification or all of regression. legend: heading of the names. ordered: colours from dark to
    light, for values of one parameter. scale: of the vertical axes; `auto` is logarithmic where a curve
    would be flat beside the largest. by_probability: in classification, a second column against the
    probability of the true class.
    """
    axes = ["x", "p"] if _has_probability(profiles) and by_probability else ["x"]
    with style():
        rows, columns = (2, 2) if len(axes) == 2 else (1, 2)
        figure = new_figure(4.1 * columns + 1.9, 2.7 * rows + 0.6, title)
        panels = figure.subplots(rows, columns, sharex="col", squeeze=False)
        quantities = panels if rows == 2 else panels.T  # the panels of the value, and those of the gradient
        for quantity, name in zip(quantities, _quantity_names(profiles)):
            for panel, axis in zip(quantity, axes):
                _draw(panel, axis, name, profiles, ordered)
                _set_scale(panel, scale)
            quantity[0].set_ylabel(name, parse_math=True)
        for panel, axis in zip(panels[-1], axes if rows == 2 else axes * 2):
            _name_axis(panel, axis, profiles, note if panel is panels[-1, 0] else "")
        _legend(figure, profiles, legend, labels, ordered)
    return figure


def _draw(panel: Axes, axis: str, quantity: str, profiles: Mapping[str, Sequence[Profile]], ordered: bool) -> None:
    """Later curves are thinner, so that equal ones stay visible under each other."""
    widths = np.linspace(2.6, 1.5, len(profiles)) if len(profiles) > 1 else [2.0]
    for group, colour, width in zip(profiles.values(), colours(len(profiles), ordered), widths):
        for profile, dashes in zip(group, DASHES):
            y = profile.value if quantity == VALUE else np.abs(profile.slope)
            panel.plot(getattr(profile, axis), y, color=colour, linewidth=width, linestyle=dashes)
    if axis == "x":
        panel.axvline(0.0, color=GREY, linewidth=0.8, zorder=1)


def _name_axis(panel: Axes, axis: str, profiles: Mapping[str, Sequence[Profile]], note: str) -> None:
    if axis == "p":
        panel.set_xlabel("probability of the true class $p_t$", parse_math=True)
        panel.set_xlim(0, 1)
        return
    panel.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    name = "margin $m$" if _has_probability(profiles) else "error (prediction − target)"
    panel.set_xlabel("\n".join(filter(None, [name, note])), parse_math=True)


def _quantity_names(profiles: Mapping[str, Sequence[Profile]]) -> tuple[str, str]:
    by = r"\partial m" if _has_probability(profiles) else r"\partial\,$output$"
    return VALUE, rf"gradient $|\partial L / {by}|$"


def _set_scale(panel: Axes, scale: Scale) -> None:
    curves = [np.asarray(line.get_ydata(), float) for line in panel.lines if len(line.get_ydata()) > 2]
    tops = [top for curve in curves if (top := np.nanmax(curve)) > 0] or [1.0]
    apart = max(tops) / min(tops) > LOG_RATIO and not any((curve < 0).any() for curve in curves)
    if scale == "log" or (scale == "auto" and apart):
        lowest = min(float(curve[curve > 0].min(initial=np.inf)) for curve in curves)
        panel.set_yscale("log")
        panel.set_ylim(max(lowest, max(tops) * 10.0**-DECADES), 2.0 * max(tops))


def _legend(
    figure: Figure,
    profiles: Mapping[str, Sequence[Profile]],
    heading: str | None,
    labels: Sequence[str],
    ordered: bool,
) -> None:
    """Beside the panels, never over a curve; what dashes mean follows the names."""
    handles = [
        Line2D([], [], color=colour, linewidth=2.4, label=name)
        for name, colour in zip(profiles, colours(len(profiles), ordered))
    ]
    if any(len(group) > 1 for group in profiles.values()):
        handles += [Line2D([], [], linestyle="none", label="")]
        handles += [Line2D([], [], color=GREY, linestyle=d, label=name) for name, d in zip(labels, DASHES)]
    figure.legend(handles=handles, title=heading, loc="outside right upper", alignment="left", handlelength=2.2)


def colours(count: int, ordered: bool = False) -> list:
    """`count` colours: seven that everyone can tell apart; if `ordered`, or for more, from dark to light."""
    if ordered or count > len(COLOURS):
        return list(matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, count)))
    return list(COLOURS[:count])


def _has_probability(profiles: Mapping[str, Sequence[Profile]]) -> bool:
    return all(profile.p is not None for group in profiles.values() for profile in group)
