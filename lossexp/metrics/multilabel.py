"""Metrics of examples with any number of labels, `[n, L]` of 0 and 1.

Average precision and AUROC depend only on how a label's logits rank the examples. The others ask what is predicted,
where a logit is above 0 and so a probability above 1/2, or how probable it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import special
from sklearn.metrics import average_precision_score, roc_auc_score

from lossexp.metrics.calibration import expected_calibration_error
from lossexp.metrics.keys import keys
from lossexp.metrics.measured import Measured, mean, whole_numbers


class LabelSets(Measured):
    """Raw outputs `[n, L]`, a logit for each label, and labels `[n, L]` of 0 and 1."""

    def __post_init__(self):
        super().__post_init__()
        self.outputs = np.asarray(self.outputs, np.float64)
        if self.link != "labels":
            raise ValueError(f"link={self.link!r}; expected 'labels', one probability for each label")
        if np.shape(self.labels) != self.outputs.shape or self.outputs.ndim != 2:
            raise ValueError(f"labels {np.shape(self.labels)} and outputs {self.outputs.shape}; expected [n, L] both")
        self.labels = whole_numbers(np.asarray(self.labels), 2)

    def predicted(self):
        return (self.outputs > 0).astype(np.int32)

    def quick_scores(self):
        logits, labels = self.outputs, self.labels
        precision = mean(average_precision(logits, labels))
        return {"map": precision, "accuracy": accuracy(logits, labels), "nll": nll(logits, labels)}

    def scores(self):
        return label_set_metrics(self.outputs, self.labels, self.named(self.outputs.shape[1], "labels"))


def label_set_metrics(logits: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """All metrics of logits `[n, L]`, float64, for labels `[n, L]` of 0 and 1.

    Means over labels: `map` of the average precision, over those that occur; `macro_f1`, over those that occur or are
    predicted; `auroc`, over those that some examples have and some have not, each also as `auroc/<label>`. A mean of no
    label is NaN. Of all answers: `accuracy`, `micro_f1`, `hamming` (the fraction of wrong ones), `nll` (the mean, in
    nats), `ece`. Of examples: `subset_accuracy`, the fraction of those without a wrong answer.
    """
    true, predicted = labels == 1, logits > 0
    hits, either = 2.0 * (true & predicted).sum(axis=0), true.sum(axis=0) + predicted.sum(axis=0)
    aurocs, answers = auroc(logits, labels), np.stack([special.expit(-logits), special.expit(logits)], axis=-1)
    return {
        "map": mean(average_precision(logits, labels)),
        "accuracy": accuracy(logits, labels),
        "micro_f1": float(hits.sum() / max(either.sum(), 1)),
        "macro_f1": mean(hits[either > 0] / either[either > 0]),
        "subset_accuracy": float(np.mean((true == predicted).all(axis=1))),
        "hamming": float(np.mean(true != predicted)),
        "auroc": mean(aurocs),
        "nll": nll(logits, labels),
        "ece": expected_calibration_error(answers.reshape(-1, 2), labels.reshape(-1)),
        **{key: float(value) for key, value in zip(keys("auroc", names), aurocs, strict=True) if np.isfinite(value)},
    }


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The fraction of right answers."""
    return float(np.mean((logits > 0) == (labels == 1)))


def nll(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean of -log p(answer) over examples and labels, in nats."""
    return float(-np.mean(special.log_expit(np.where(labels == 1, logits, -logits))))


def average_precision(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The average precision of each label, `[L]`; NaN where it does not occur."""
    return _of_each(average_precision_score, logits, labels, labels.any(axis=0))


def auroc(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The area under the ROC curve of each label, `[L]`; NaN where all examples have it or none has."""
    return _of_each(roc_auc_score, logits, labels, labels.any(axis=0) & ~labels.all(axis=0))


def _of_each(measure: Callable, logits: np.ndarray, labels: np.ndarray, defined: np.ndarray) -> np.ndarray:
    columns = zip(labels.T, logits.T, defined, strict=True)
    return np.array([measure(true, scores) if known else np.nan for true, scores, known in columns])
