"""What every kind of task says of a model's outputs: its metrics, those of each epoch, and its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Measured:
    """Outputs and labels of a split, `n` examples of each, with what gives them meaning.

    A subclass for each kind of task knows their shapes. It raises ValueError where they do not fit.

    outputs: raw outputs, or values for regression, of any float dtype. link: as in `lossexp.base.links`. names: of
    classes, labels or values, for keys; empty for numbers. ignore_class: the number of pixels without a label.
    """

    outputs: np.ndarray
    labels: np.ndarray
    link: Any = None
    names: Sequence[str] = ()
    ignore_class: int | None = None

    def __post_init__(self):
        if len(self.labels) == 0 or len(self.outputs) != len(self.labels):
            raise ValueError(
                f"{len(self.outputs)} outputs and {len(self.labels)} labels; expected as many, at least one"
            )

    def named(self, count: int, what: str) -> Sequence[str]:
        """The names, which must be `count`, or numbers where there are none. what: they are, in plural."""
        if self.names and len(self.names) != count:
            raise ValueError(f"{len(self.names)} class names for {count} {what}")
        return self.names or [str(number) for number in range(count)]

    def scores(self) -> dict[str, float]:
        """All metrics."""
        raise NotImplementedError

    def quick_scores(self) -> dict[str, float]:
        """The part of `scores` that is worth its time after every epoch, with the same values."""
        raise NotImplementedError

    def predicted(self) -> np.ndarray:
        """What is predicted, in the shape and the encoding of labels."""
        raise NotImplementedError


def whole_numbers(labels: np.ndarray, below: int) -> np.ndarray:
    """Labels of any dtype as int64. Raises ValueError where one is not of 0 to `below - 1`."""
    numbers = labels.astype(np.int64)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= below or (numbers != labels).any()):
        raise ValueError(f"labels {labels.min():g} to {labels.max():g}; expected whole 0 to {below - 1}")
    return numbers


def mean(values: np.ndarray) -> float:
    """The mean of the values that are not NaN; NaN where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
