"""Loss-independent scores from a model's outputs: the same numbers whatever it was trained with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import methodcaller
from typing import Any

import numpy as np

from lossexp.metrics.classification import Classes
from lossexp.metrics.measured import Measured
from lossexp.metrics.multilabel import LabelSets
from lossexp.metrics.ordinal import OrderedClasses
from lossexp.metrics.regression import Values
from lossexp.metrics.segmentation import Pixels

OF_TASK: dict[str, type[Measured]] = {
    "multiclass": Classes,
    "binary": Classes,
    "ordinal": OrderedClasses,
    "multilabel": LabelSets,
    "segmentation": Pixels,
    "regression": Values,
}


def score(
    outputs: np.ndarray,
    labels: np.ndarray,
    *,
    task: str,
    link: Any = None,
    class_names: Sequence[str] = (),
    ignore_class: int | None = None,
) -> dict[str, float]:
    """All metrics of a split's outputs, which `lossexp.metrics.table` lists by task.

    outputs: raw model outputs of any float dtype, `[n, width]`, or `[n, H, W, width]` for segmentation; predicted
    values `[n, D]` for regression. labels: class numbers `[n]`, or `[n, H, W]`; `[n, L]` of 0 and 1 for multilabel;
    values `[n]` or `[n, D]`. link: as in `lossexp.base.links`; None for regression. class_names: of classes, labels or
    values, for keys such as `recall/<class>`; empty for numbers. ignore_class: the number of pixels without a label.

    All metrics are NaN where an output is not finite. Raises ValueError for empty splits, shapes that do not fit and
    labels outside the classes.
    """
    return _of_finite(OF_TASK[task](outputs, labels, link, class_names, ignore_class), methodcaller("scores"))


def quick_score(
    outputs: np.ndarray, labels: np.ndarray, *, task: str, link: Any = None, ignore_class: int | None = None
) -> dict[str, float]:
    """The part of `score` that is worth its time after every epoch, with the same values."""
    return _of_finite(OF_TASK[task](outputs, labels, link, (), ignore_class), methodcaller("quick_scores"))


def _of_finite(measured: Measured, metrics: Callable[[Measured], dict[str, float]]) -> dict[str, float]:
    # A diverged model has no predictions. Scoring its NaNs as some class would let it pass for a bad one.
    if np.isfinite(measured.outputs).all():
        return metrics(measured)
    zeros = np.broadcast_to(np.zeros([], measured.outputs.dtype), measured.outputs.shape)
    return dict.fromkeys(metrics(replace(measured, outputs=zeros)), float("nan"))
