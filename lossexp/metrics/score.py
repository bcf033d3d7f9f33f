"""Loss-independent scores from a model's raw outputs: the same numbers whatever it was trained with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lossexp.base.links import log_probabilities, probabilities
from lossexp.metrics.calibration import brier, expected_calibration_error
from lossexp.metrics.classification import label_metrics, nll
from lossexp.metrics.regression import error_metrics, value_metrics

BLOCK = 2048


def score(
    outputs: np.ndarray,
    labels: np.ndarray,
    *,
    task: str,
    link: Any = None,
    class_names: Sequence[str] = (),
) -> dict[str, float]:
    """All metrics of a split's outputs.

    outputs: raw model outputs `[n, num_outputs]` and their link, as in `lossexp.base.links`; for regression predicted
    values `[n]` or `[n, 1]` in the unit of the metrics. labels: `[n]`, class numbers or values. task: `"multiclass"`,
    `"binary"` or `"regression"`. class_names: for the keys of the recalls; empty for numbers.

    Classification: `accuracy`, `balanced_accuracy`, `macro_f1`, `recall/<class>`, `nll` (nats), `brier`
    (0 to 2), `ece` (15 bins). Regression: `rmse`, `mae`, `r2`. All are NaN where an output is not finite.
    Raises ValueError for empty splits, differing lengths and labels outside the classes.
    """
    outputs, labels = _checked(outputs, labels)
    if task == "regression":
        return _nan_if_diverged(outputs[:, 0], lambda y: value_metrics(y, labels))
    names = class_names or [str(k) for k in range(_num_classes(outputs, link))]
    return _nan_if_diverged(outputs, lambda z: _class_scores(z, labels, link, names))


def _class_scores(outputs: np.ndarray, labels: np.ndarray, link: Any, names: Sequence[str]) -> dict[str, float]:
    log_p, p = log_probabilities(outputs, link), probabilities(outputs, link)
    if len(names) != p.shape[1]:
        raise ValueError(f"{len(names)} class names for {p.shape[1]} classes")
    labels = _class_numbers(labels, p.shape[1])
    predicted = log_p.argmax(axis=1)  # logs still differ where probabilities tie at 1
    return {
        **label_metrics(predicted, labels, names),
        "nll": nll(log_p, labels),
        "brier": brier(p, labels),
        "ece": expected_calibration_error(p, labels),
    }


def quick_score(outputs: np.ndarray, labels: np.ndarray, *, task: str, link: Any = None) -> dict[str, float]:
    """The part of `score` that is worth its time after every epoch, with the same values.

    Classification: `accuracy`, `nll`. Regression: `rmse`, `mae`.
    """
    outputs, labels = _checked(outputs, labels)
    if task == "regression":
        return _nan_if_diverged(outputs[:, 0], lambda y: error_metrics(y, labels))
    quick = _quick_softmax if link == "softmax" else partial(_quick_classes, link=link)
    return _nan_if_diverged(outputs, lambda z: quick(z, labels))


def _quick_classes(outputs: np.ndarray, labels: np.ndarray, link: Any) -> dict[str, float]:
    log_p = log_probabilities(outputs, link)
    labels = _class_numbers(labels, log_p.shape[1])
    return {"accuracy": float(np.mean(log_p.argmax(axis=1) == labels)), "nll": nll(log_p, labels)}


def _quick_softmax(outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    # Rows in blocks that stay in the cache, classes first: NumPy reduces over long rows about ten times
    # faster than over ten columns, and large temporary arrays cost more than what is computed in them.
    hits, total = 0, 0.0
    labels = _class_numbers(labels, outputs.shape[1])
    for start in range(0, len(labels), BLOCK):
        block, label = outputs[start : start + BLOCK], labels[start : start + BLOCK]
        z = np.ascontiguousarray(block.T)
        top = z.max(axis=0)
        log_sum = top + np.log(np.exp(z - top).sum(axis=0))
        hits += np.count_nonzero(block.argmax(axis=1) == label)
        total += float(np.sum(log_sum - z[label, np.arange(len(label))]))
    return {"accuracy": float(hits / len(labels)), "nll": total / len(labels)}


def _checked(outputs: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    outputs, labels = np.asarray(outputs, np.float64), np.asarray(labels, np.float64).reshape(-1)
    if len(labels) == 0 or len(outputs) != len(labels):
        raise ValueError(f"{len(outputs)} outputs and {len(labels)} labels; expected as many, at least one")
    return outputs.reshape(len(outputs), -1), labels


def _num_classes(outputs: np.ndarray, link: Any) -> int:
    return log_probabilities(np.zeros_like(outputs[:1]), link).shape[1]


def _class_numbers(labels: np.ndarray, num_classes: int) -> np.ndarray:
    numbers = labels.astype(np.int64)
    if numbers.min() < 0 or numbers.max() >= num_classes or (numbers != labels).any():
        raise ValueError(f"labels {labels.min():g} to {labels.max():g}; expected whole 0 to {num_classes - 1}")
    return numbers


def _nan_if_diverged(values: np.ndarray, metrics: Callable[[np.ndarray], dict[str, float]]) -> dict[str, float]:
    # A diverged model has no predictions. Scoring its NaNs as some class would let it pass for a bad one.
    if np.isfinite(values).all():
        return metrics(values)
    return dict.fromkeys(metrics(np.zeros_like(values)), float("nan"))
