"""Metrics of a class for each pixel, from one confusion matrix of all pixels of a split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lossexp.base.links import log_probabilities
from lossexp.metrics.keys import keys
from lossexp.metrics.measured import Measured, mean, whole_numbers

BLOCK = 2**20  # outputs that are looked at together


class Pixels(Measured):
    """Raw outputs `[n, H, W, width]` and class numbers `[n, H, W]`; pixels of `ignore_class` do not count.

    Log-probabilities, which are float64, are made for a few examples at a time, so that memory stays small.
    """

    def __post_init__(self):
        self.outputs, self.labels = np.asarray(self.outputs), np.asarray(self.labels)
        super().__post_init__()
        if self.outputs.ndim != 4 or self.labels.shape != self.outputs.shape[:3]:
            raise ValueError(
                f"labels {self.labels.shape} and outputs {self.outputs.shape}; expected [n, H, W] and [n, H, W, width]"
            )

    @property
    def num_classes(self) -> int:
        return log_probabilities(np.zeros([1, self.outputs.shape[-1]]), self.link).shape[1]

    def predicted(self):
        dtype = np.uint8 if self.num_classes <= 256 else np.int32
        classes = [log_p.argmax(axis=1).astype(dtype) for _, log_p in self._blocks()]
        return np.concatenate(classes).reshape(self.labels.shape)

    def scores(self):
        k, total = self.num_classes, 0.0
        counts = np.zeros([k, k], np.int64)
        for labels, log_p in self._blocks():
            counted = labels != self.ignore_class  # all where that is None
            labels, log_p = whole_numbers(labels[counted], k), log_p[counted]
            counts += confusion(labels, log_p.argmax(axis=1), k)
            total -= float(log_p[np.arange(len(labels)), labels].sum())
        return pixel_metrics(counts, total, self.named(k, "classes"))

    def quick_scores(self):
        every = self.scores()
        return {name: every[name] for name in ("mean_iou", "accuracy", "nll")}

    def _blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Labels `[pixels]` and log-probabilities `[pixels, K]` of a few examples at a time."""
        step = max(1, BLOCK // self.outputs[0].size)
        for start in range(0, len(self.labels), step):
            outputs, labels = self.outputs[start : start + step], self.labels[start : start + step]
            yield labels.reshape(-1), log_probabilities(outputs.reshape(-1, outputs.shape[-1]), self.link)


def pixel_metrics(counts: np.ndarray, nll: float, names: Sequence[str]) -> dict[str, float]:
    """All metrics of a confusion matrix `[K, K]` and the sum of -log p(label) over its pixels.

    `mean_iou` and `mean_dice` are over the classes that occur among labels or predictions, which have `iou/<class>`
    and `dice/<class>` too. `accuracy` is the fraction of right pixels, `nll` the mean of a pixel in nats. All are NaN
    where no pixel counts.
    """
    iou, dice = overlaps(counts)
    pixels = float(counts.sum()) or np.nan
    each = {**dict(zip(keys("iou", names), iou, strict=True)), **dict(zip(keys("dice", names), dice, strict=True))}
    return {
        "mean_iou": mean(iou),
        "accuracy": float(counts.trace() / pixels),
        "mean_dice": mean(dice),
        "nll": nll / pixels,
        **{key: float(value) for key, value in each.items() if np.isfinite(value)},
    }


def confusion(labels: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """The number of pixels `[K, K]`, int64, of each true class (rows) and predicted class; both `[pixels]`."""
    pairs = num_classes * labels + predicted
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def overlaps(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intersection over union and Dice of each class, `[K]`, from a confusion matrix; NaN for an absent class."""
    hits, both = counts.diagonal(), counts.sum(axis=0) + counts.sum(axis=1)
    both = np.where(both > 0, both, np.nan)
    return hits / (both - hits), 2 * hits / both


def by_example(
    predicted: np.ndarray, labels: np.ndarray, num_classes: int, ignore_class: int | None = None
) -> Iterator[np.ndarray]:
    """The confusion matrix of each example by itself, from classes `[n, H, W]`."""
    for guess, true in zip(predicted, labels, strict=True):
        counted = true != ignore_class
        yield confusion(true[counted].astype(np.int64), guess[counted], num_classes)


def scores_by_example(
    predicted: np.ndarray, labels: np.ndarray, num_classes: int, ignore_class: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The accuracy and the mean IoU of each example by itself, `[n]`, from classes `[n, H, W]`.

    The mean is over the classes that are in the example or predicted there. NaN for an example without labels.
    """
    every = list(by_example(predicted, labels, num_classes, ignore_class))
    accuracy = [counts.trace() / (counts.sum() or np.nan) for counts in every]
    return np.array(accuracy), np.array([mean(overlaps(counts)[0]) for counts in every])
