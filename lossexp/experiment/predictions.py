"""A table of predictions, one row an example, for each task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lossexp.base.links import probabilities
from lossexp.metrics import Outputs
from lossexp.metrics.segmentation import scores_by_example


def table(outputs: Outputs, labelled: bool) -> pd.DataFrame:
    """What is predicted of each example, beside its label where that is known.

    One class: `label`, `predicted`, and the probabilities `p/<class>`. Many labels, each 0 or 1: `label/<label>`,
    `predicted/<label>`, `p/<label>`. Values: `label` and `predicted`, with the name of the output where there are
    several. Pixels: `accuracy` and `mean_iou` of the example where labels are known, and `predicted/<class>`, the
    fraction of its pixels that are predicted to be of that class.
    """
    predicted, names = outputs.predicted(), outputs.class_names
    if outputs.task == "segmentation":
        return pd.DataFrame(_of_pixels(outputs, predicted, labelled))
    if outputs.task == "multilabel":
        known, p = outputs.labels, probabilities(outputs.outputs, outputs.link)
    elif outputs.task == "regression":
        known, p = np.reshape(outputs.labels, predicted.shape), None
        names = names or [str(number) for number in range(predicted[0].size)]
    else:
        words = np.asarray(names)
        known, predicted = words[outputs.labels.astype(int)], words[predicted]
        p = probabilities(outputs.outputs, outputs.link)
    columns = _named("label", known, names) if labelled else {}
    columns |= _named("predicted", predicted, names)
    return pd.DataFrame(columns if p is None else {**columns, **_each("p", p, names)})


def _of_pixels(outputs: Outputs, predicted: np.ndarray, labelled: bool) -> dict[str, np.ndarray]:
    names, columns = outputs.class_names, {}
    if labelled:
        accuracy, iou = scores_by_example(predicted, outputs.labels, len(names), outputs.ignore_class)
        columns = {"accuracy": accuracy, "mean_iou": iou}
    fractions = np.stack([(predicted == k).mean(axis=(1, 2)) for k in range(len(names))], axis=1)
    return {**columns, **_each("predicted", fractions, names)}


def _named(column: str, values: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Values `[n]` or `[n, 1]` as one column, others `[n, D]` as one for each name."""
    if values.ndim == 1 or values.shape[1] == 1:
        return {column: values.reshape(-1)}
    return _each(column, values, names)


def _each(column: str, values: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    return {f"{column}/{name}": values[:, k] for k, name in enumerate(names)}
