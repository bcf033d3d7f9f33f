"""Metrics of one class an example."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from sklearn.metrics import f1_score, recall_score

from lossexp.base.links import log_probabilities, probabilities
from lossexp.metrics.calibration import brier, expected_calibration_error
from lossexp.metrics.keys import keys
from lossexp.metrics.measured import Measured, whole_numbers

BLOCK = 2048


class Classes(Measured):
    """Raw outputs `[n, width]` and class numbers `[n]`."""

    def __post_init__(self):
        self.labels = np.asarray(self.labels).reshape(-1)
        super().__post_init__()
        self.outputs = np.asarray(self.outputs, np.float64).reshape(len(self.labels), -1)

    @cached_property
    def log_p(self) -> np.ndarray:
        return log_probabilities(self.outputs, self.link)

    def predicted(self):
        return self.log_p.argmax(axis=1)  # logs still differ where probabilities tie at 1

    def scores(self):
        p = probabilities(self.outputs, self.link)
        names, labels = self.named(p.shape[1], "classes"), whole_numbers(self.labels, p.shape[1])
        return {
            **label_metrics(self.predicted(), labels, names),
            "nll": nll(self.log_p, labels),
            "brier": brier(p, labels),
            "ece": expected_calibration_error(p, labels),
        }

    def quick_scores(self):
        if self.link == "softmax":
            return quick_softmax(self.outputs, whole_numbers(self.labels, self.outputs.shape[1]))
        labels = whole_numbers(self.labels, self.log_p.shape[1])
        return {"accuracy": float(np.mean(self.predicted() == labels)), "nll": nll(self.log_p, labels)}


def label_metrics(predicted: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> dict[str, float]:
    """`accuracy`, `balanced_accuracy`, `macro_f1` and `recall/<class name>` from classes `[n]`.

    A class without examples has no recall: it is left out, also of the balanced accuracy (the mean of the
    recalls). Macro-F1 averages over the classes that occur among labels or predictions.
    """
    present = np.unique(labels)
    recalls = recall_score(labels, predicted, labels=present, average=None, zero_division=0)
    names = keys("recall", class_names)
    return {
        "accuracy": float(np.mean(predicted == labels)),
        "balanced_accuracy": float(np.mean(recalls)),
        "macro_f1": float(f1_score(labels, predicted, average="macro", zero_division=0)),
        **{names[k]: float(recall) for k, recall in zip(present, recalls, strict=True)},
    }


def nll(log_probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The negative log-likelihood, the mean of -log p(label), in nats, from `[n, K]` and class numbers `[n]`."""
    return float(-np.mean(log_probabilities[np.arange(len(labels)), labels]))


def quick_softmax(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """`accuracy` and `nll` of logits `[n, K]` float64 and class numbers `[n]`."""
    # Rows in blocks that stay in the cache, classes first: NumPy reduces over long rows about ten times
    # faster than over ten columns, and large temporary arrays cost more than what is computed in them.
    hits, total = 0, 0.0
    for start in range(0, len(labels), BLOCK):
        block, label = logits[start : start + BLOCK], labels[start : start + BLOCK]
        z = np.ascontiguousarray(block.T)
        top = z.max(axis=0)
        log_sum = top + np.log(np.exp(z - top).sum(axis=0))
        hits += np.count_nonzero(block.argmax(axis=1) == label)
        total += float(np.sum(log_sum - z[label, np.arange(len(label))]))
    return {"accuracy": float(hits / len(labels)), "nll": total / len(labels)}
