"""Checks of what a user gives a loss: every error names the parameter, its value and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from operator import itemgetter

import numpy as np


def number(loss: object, name: str, value: float, interval: str) -> float:
    """`value` as a float, if it is a finite number inside `interval`, written as in `"[0, 1)"`.

    `loss` is the object whose class the message names. Raises ValueError.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not _inside(float(value), interval):
        raise ValueError(f"{type(loss).__name__}: {name}={value!r}; expected a number in {interval}.")
    return float(value)


def integer(loss: object, name: str, value: int, interval: str) -> int:
    """`value` as an int, if it is a whole number inside `interval`. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not _inside(float(value), interval):
        raise ValueError(f"{type(loss).__name__}: {name}={value!r}; expected a whole number in {interval}.")
    return int(value)


def optional_class(loss: object, name: str, value: int | None) -> int | None:
    """None, or `value` as an int: a label that may lie outside the classes. Raises ValueError."""
    return None if value is None else integer(loss, name, value, "(-inf, inf)")


def flag(loss: object, name: str, value: bool) -> bool:
    """`value`, if it is true or false; a string such as `"no"` would pass for true. Raises ValueError."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{type(loss).__name__}: {name}={value!r}; expected true or false.")
    return bool(value)


def numbers(
    loss: object, name: str, values: Sequence[float], interval: str, per: str = "class", shortest: int = 2
) -> list[float]:
    """A list of at least `shortest` floats inside `interval`, from a list or a mapping by class.

    per: what there is one number of, for the message. Raises ValueError.
    """
    values = _by_class(loss, name, values)
    if not is_list(values) or len(values) < shortest:
        raise ValueError(
            f"{type(loss).__name__}: {name}={values!r}; expected a list, one number in {interval} per {per}."
        )
    return [number(loss, f"{name}[{k}]", _plain(value), interval) for k, value in enumerate(values)]


def choice(loss: object, name: str, value: str, allowed: Sequence[str]) -> str:
    """`value`, if it is one of `allowed`. Raises ValueError."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{type(loss).__name__}: {name}={value!r}; expected one of {', '.join(allowed)}.")
    return value


def class_counts(loss: object, counts: Sequence[int], positive: bool = False) -> list[int]:
    """Examples per class as a list of ints: at least two classes, none negative, none 0 if `positive`.

    counts: a list, or a mapping by class. Raises ValueError, also for what is no whole number.
    """
    counts = _by_class(loss, "class_counts", counts)
    if not is_list(counts):
        raise ValueError(
            f"{type(loss).__name__}: class_counts={counts!r}; expected a list, one whole number per class."
        )
    counts = [_plain(n) for n in counts]
    for k, n in enumerate(counts):
        if isinstance(n, bool) or not isinstance(n, Real) or n % 1 != 0:
            raise ValueError(f"{type(loss).__name__}: class_counts[{k}]={n!r}; expected a whole number.")
    counts = [int(n) for n in counts]
    if len(counts) < 2:
        raise ValueError(f"{type(loss).__name__}: class_counts={counts}; expected a count for each of K >= 2 classes.")
    lowest = 1 if positive else 0
    for k, n in enumerate(counts):
        if n < lowest:
            raise ValueError(
                f"{type(loss).__name__}: class_counts[{k}]={n}; expected at least {lowest}. "
                "Every class needs training examples here, because the loss divides by its count or takes "
                "the logarithm of it."
            )
    return counts


def class_labels(labels: np.ndarray, num_classes: int, ignore_class: int | None = None) -> None:
    """Checks, on the host, that integer labels `[...]` are whole numbers in `[0, num_classes)`.

    Raises ValueError with the first offending value and its position.
    """
    labels = np.asarray(labels)
    good = (labels >= 0) & (labels < num_classes) & (labels == np.floor(labels))
    if ignore_class is not None:
        good |= labels == ignore_class
    if not good.all():
        position = np.argwhere(~good)[0].tolist()
        raise ValueError(
            f"label {labels[tuple(position)]} at position {position}: expected whole numbers in "
            f"[0, {num_classes})" + ("." if ignore_class is None else f", or ignore_class={ignore_class}.")
        )


def is_list(values, axes: int = 1) -> bool:
    """Whether `values` is a list of some kind: a tuple, an array or tensor of `axes` axes; no string, no mapping."""
    listed = hasattr(values, "__len__") and not isinstance(values, (str, Mapping))
    return listed and getattr(values, "ndim", axes) == axes


def _by_class(loss: object, name: str, values):
    """A mapping from the classes 0..K-1, as Keras's `class_weight`, as a list; anything else as it is."""
    if not isinstance(values, Mapping):
        return values
    keys = [_plain(key) for key in values]
    whole = all(isinstance(key, Integral) and not isinstance(key, bool) for key in keys)
    if not whole or sorted(keys) != list(range(len(keys))):
        raise ValueError(f"{type(loss).__name__}: {name}={values!r}; expected every class 0..K-1 as a key.")
    return [value for _, value in sorted(zip(keys, values.values()), key=itemgetter(0))]


def _plain(value):
    """A number of NumPy or TensorFlow as one of Python; anything else as it is."""
    return np.asarray(value).item() if hasattr(value, "dtype") and np.size(value) == 1 else value


def _inside(value: float, interval: str) -> bool:
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    return math.isfinite(value) and above and below
