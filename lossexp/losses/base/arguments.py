"""What a user gives a loss from Python: arrays and mappings as plain data, class counts, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Annotated, Any

import numpy as np

from lossexp.base.checks import FromZero, Length, checked
from lossexp.base.errors import InputError


def plain(value: Any) -> Any:
    """Numbers of NumPy and TensorFlow as Python's own, and numbers by class 0 to K-1, as in Keras's `class_weight`,
    as a list; anything else as it is."""
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return _by_class(value)
    numeric = hasattr(value, "__array__") and np.asarray(value).dtype.kind in "biufV"  # V: bfloat16
    return np.asarray(value).tolist() if numeric else value


def class_counts(loss: object, counts: Sequence[int], positive: bool = False) -> list[int]:
    """Examples per class as a list of ints: at least two classes, none negative, none 0 if `positive`.

    counts: a list, or a mapping by class; 9.0 is 9. Raises InputError, also for what is no whole number.
    """
    setting, counts = f"{type(loss).__name__}.class_counts", plain(counts)
    if isinstance(counts, list):
        counts = [int(n) if isinstance(n, float) and n.is_integer() else n for n in counts]
    counts = checked(setting, counts, Annotated[list[FromZero], Length(2, "class")])
    if positive and 0 in counts:
        raise InputError(
            f"{setting}[{counts.index(0)}]=0: give at least 1. Every class needs training examples here, because the "
            "loss divides by its count or takes the logarithm of it."
        )
    return counts


def not_both_zero(loss: object, first: str, second: str) -> None:
    """Raises InputError where both weights of a loss are 0, and with them its value."""
    if getattr(loss, first) == getattr(loss, second) == 0.0:
        raise InputError(f"{type(loss).__name__}.{first}=0.0 and {second}=0.0: give at least one of them above 0.")


def _by_class(values: Mapping) -> Any:
    classes = [plain(key) for key in values]
    entries = dict(zip(classes, map(plain, values.values())))
    whole = all(isinstance(k, Integral) and not isinstance(k, bool) for k in classes)
    if not classes or not whole or sorted(classes) != list(range(len(classes))):
        return values
    return [entries[k] for k in range(len(entries))] if all(isinstance(v, Real) for v in entries.values()) else values
