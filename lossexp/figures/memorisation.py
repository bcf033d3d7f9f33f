"""What became of wrong labels in the course of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from lossexp.figures.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, new_figure, style

# How each metric is called and drawn.
CURVES = {
    "train/accuracy_clean_part": ("right labels, learned", BLUE, "-"),
    "train/accuracy_memorised": ("wrong labels, memorised", ORANGE, "-"),
    "train/accuracy_flipped_true": ("wrong labels, truth predicted", GREEN, "-"),
    "val/accuracy": ("validation, its labels", GREY, "--"),
    "val/accuracy_clean": ("validation, true labels", PURPLE, "--"),
    "val/accuracy_through_T": ("validation, its labels, through T", SKY, "--"),
}
OF_NOISE = CURVES.keys() - {"val/accuracy"}  # those that only a run with noise has


def memorisation(records: Sequence[Mapping[str, Any]], *, best_step: int | None = None, title: str = "") -> Figure:
    """Draws accuracies on training examples with right and with wrong labels against the training step.

    records, best_step: as for `learning_curves`.
    """
    with style():
        figure = new_figure(6.4, 3.8, title)
        axes = figure.subplots()
        for name, (label, colour, line) in CURVES.items():
            points = [(record["step"], record["metrics"][name]) for record in records if name in record["metrics"]]
            if points:
                axes.plot(*zip(*points, strict=True), line, color=colour, label=label, marker="o", markersize=2.5)
        if best_step is not None:
            axes.axvline(best_step, color=GREY, linewidth=1, linestyle=":", label="chosen epoch")
        axes.set(xlabel="training step", ylabel="fraction of examples", ylim=(-0.02, 1.02))
        figure.legend(loc="outside right upper", fontsize=8.5)
    return figure
