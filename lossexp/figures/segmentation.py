"""True and predicted classes of pixels, from the worst example to the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure

from lossexp.figures.masks import FIRST, ClassColours
from lossexp.figures.pictures import pixels, show, value_range, without_frame
from lossexp.figures.style import LIGHT, ORANGE, new_figure, style
from lossexp.metrics.segmentation import scores_by_example

EXAMPLES = 5
GAP = 0.07
COLUMNS = ("input", "true", "predicted", "wrong")


def segmentation_examples(
    x: np.ndarray,
    labels: np.ndarray,
    predicted: np.ndarray,
    *,
    class_names: Sequence[str],
    ignore_class: int | None = None,
    title: str = "",
) -> Figure:
    """Draws picture, true classes, predicted classes and errors of up to five examples, a row each.

    They have the lowest mean IoU, the highest, and those at even ranks between, among the examples that are not all of
    one class, if there are any. x: pictures `[n, H, W]` or
    `[n, H, W, channels]`. labels, predicted: class numbers `[n, H, W]`.
    """
    _, iou = scores_by_example(predicted, labels, len(class_names), ignore_class)
    chosen = _from_worst_to_best(np.where(_is_varied(labels, ignore_class), iou, np.nan))
    if not len(chosen):
        chosen = _from_worst_to_best(iou)
    colours = ClassColours(labels[:FIRST], class_names, ignore_class)
    tall = labels.shape[1] / labels.shape[2]
    rows = np.arange(len(chosen)) * (tall + GAP)
    with style():
        legend = 0.25 * -(-len(class_names) // 6)
        figure = new_figure(6.2, 0.6 + 1.25 * (tall + GAP) * len(chosen) + legend + (0.3 if title else 0), title)
        axes = figure.subplots()
        low, high = value_range(x)
        for top, i in zip(rows, chosen, strict=True):
            images = (pixels(x[i], low, high), colours.paint(labels[i]), colours.paint(predicted[i]))
            for column, image in enumerate((*images, _errors(labels[i], predicted[i], ignore_class))):
                show(axes, image, column * (1 + GAP), top)
        axes.set(xlim=(0, 4 * (1 + GAP) - GAP), ylim=(len(chosen) * (tall + GAP) - GAP, 0))
        axes.set_xticks(np.arange(4) * (1 + GAP) + 0.5, COLUMNS)
        axes.set_yticks(rows + tall / 2, [f"IoU {iou[i]:.2f}" for i in chosen])
        axes.xaxis.tick_top()
        without_frame(axes)
        colours.legend(figure)
    return figure


def _is_varied(labels: np.ndarray, ignore_class: int | None) -> np.ndarray:
    """Whether an example has more than one class, `[n]`."""
    known = (mask[mask != ignore_class] for mask in labels)
    return np.array([mask.size > 0 and mask.min() < mask.max() for mask in known])


def _from_worst_to_best(iou: np.ndarray) -> np.ndarray:
    order = np.argsort(iou)[: np.count_nonzero(np.isfinite(iou))]  # NaN comes last
    ranks = np.linspace(0, len(order) - 1, min(EXAMPLES, len(order))).round().astype(int)
    return order[ranks]


def _errors(true: np.ndarray, predicted: np.ndarray, ignore_class: int | None) -> np.ndarray:
    kinds = np.where(true == ignore_class, 2, true != predicted)
    return to_rgba_array([LIGHT, ORANGE, "white"])[kinds]
