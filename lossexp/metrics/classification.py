"""Classification metrics from predicted classes and log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import f1_score, recall_score

from lossexp.base.names import legal_part


def label_metrics(predicted: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> dict[str, float]:
    """`accuracy`, `balanced_accuracy`, `macro_f1` and `recall/<class name>` from classes `[n]`.

    A class without examples has no recall: it is left out, also of the balanced accuracy (the mean of the
    recalls). Macro-F1 averages over the classes that occur among labels or predictions.
    """
    present = np.unique(labels)
    recalls = recall_score(labels, predicted, labels=present, average=None, zero_division=0)
    keys = recall_keys(class_names)
    return {
        "accuracy": float(np.mean(predicted == labels)),
        "balanced_accuracy": float(np.mean(recalls)),
        "macro_f1": float(f1_score(labels, predicted, average="macro", zero_division=0)),
        **{keys[k]: float(recall) for k, recall in zip(present, recalls, strict=True)},
    }


def recall_keys(class_names: Sequence[str]) -> list[str]:
    """The key `recall/<class name>` of each class; names are made legal, and unique by a number where two are equal."""
    keys: list[str] = []
    for number, name in enumerate(class_names):
        key = f"recall/{legal_part(name) or number}"
        keys.append(f"{key}_{number}" if key in keys else key)
    return keys


def nll(log_probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The negative log-likelihood, the mean of -log p(label), in nats, from `[n, K]` and class numbers `[n]`."""
    return float(-np.mean(log_probabilities[np.arange(len(labels)), labels]))
