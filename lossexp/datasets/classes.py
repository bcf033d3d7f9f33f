"""Which classes the labels of a training split are, and the number of each label's class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.check import label_advice

SHOWN = 12
FEW = 20  # different texts or numbers, that may be classes of a few examples
AskedTask = Literal["auto", "multiclass", "binary", "ordinal", "multilabel", "segmentation", "regression"]


def classes_of(
    y: np.ndarray, names: tuple[str, ...] | None, task: AskedTask, where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The label of each class `[classes]`, and its name, from the training labels `y` that count.

    Of whole numbers certain are 0, 1, ... and 1, 2, ... without gaps, and -1 and 1; others only for a `task` that says
    that they are classes. names: of all classes, or None. Raises InputError for other labels.
    """
    if not len(y):
        raise InputError(f"{where} holds no label that counts. Give it labelled examples.")
    if y.dtype.kind == "f":
        if (y != np.floor(y)).any():
            raise InputError(
                f"{where}: class labels are not whole numbers (such as {y[y != np.floor(y)][0]:g}). "
                "Number the classes, or set dataset.task=regression."
            )
        y = y.astype(np.int64)
    used = np.unique(y)
    if names is None and len(used) == 1 and y.dtype != bool:
        raise InputError(f"{where} holds nothing but {str(used[0])!r}. Give examples of two classes or more.")
    if y.dtype == bool:
        return np.array([False, True]), names or ("False", "True")
    if y.dtype.kind == "U":
        return _texts(y, used, names, task, where)
    if names is not None:
        return _named(used, names), names
    if not _are_classes(used, y, task):
        raise InputError(_refusal(used, y, task, where))
    return used, tuple(str(label) for label in used)


def _texts(
    y: np.ndarray, used: np.ndarray, names: tuple[str, ...] | None, task: AskedTask, where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    if task == "ordinal" and names is None:
        raise InputError(
            f"{where} holds texts ({listed(used)}), whose order is not known. Name them in dataset.class_names, lowest "
            "first."
        )
    if names is None and task == "auto" and len(used) > max(FEW, len(y) / 4):
        raise InputError(
            f"{where} holds {len(used)} different texts in {len(y)} examples, such as {listed(used[:3])}. If these are "
            "numbers, write them as 1234.5, and leave examples out that have none; if classes: dataset.task=multiclass."
        )
    names = names or tuple(used.tolist())
    return np.array(names), names


def _named(used: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The labels of as many classes as there are names: the names themselves, numbers from 0 or 1, or -1 and 1."""
    count = len(names)
    if all(name.lstrip("-").isdigit() for name in names):
        values = np.array([int(name) for name in names])
        if np.isin(used, values).all():
            return values
    if used[0] >= 1 and used[-1] == count:
        return np.arange(1, count + 1)
    return np.array([-1, 1]) if count == 2 and used.tolist() == [-1, 1] else np.arange(count)


def _are_classes(used: np.ndarray, y: np.ndarray, task: AskedTask) -> bool:
    """Whether each of the numbers `used` is a class and there is no other."""
    if len(used) < 2 or used.tolist() == [-1, 1]:
        return len(used) == 2
    consecutive = used[-1] - used[0] == len(used) - 1
    if consecutive and used[0] in (0, 1):
        return True
    if task == "segmentation":
        return used.tolist() == [0, 255]  # black and white
    marks = "ignore_class" in label_advice(y)
    return not marks and (task == "multiclass" or (task in ("binary", "ordinal") and consecutive))


def _refusal(used: np.ndarray, y: np.ndarray, task: AskedTask, where: str) -> str:
    if len(used) > FEW and task != "segmentation":
        return (
            f"{where} holds {len(used)} different whole numbers from {used[0]} to {used[-1]}, but not all between. Set "
            "dataset.task=regression if these are values, dataset.task=multiclass if each is a class."
        )
    if used[0] < 0:
        said = f"label {used[0]} is no class number ({(y == used[0]).sum()} such targets)"
    else:
        gap = next((k for k, label in enumerate(used) if label != k), len(used))
        said = f"labels go up to {used[-1]}, but there is no example of class {gap}"
    advice = f"{where}: {said}. {label_advice(y)} Set dataset.class_names to all classes if some are absent"
    if task == "segmentation":
        return f"{advice}."
    return (
        f"{advice}, dataset.task=multiclass if each of {listed(used)} is a class, or dataset.task=regression if these "
        "are values."
    )


def class_numbers(y: np.ndarray, values: np.ndarray, where: str) -> np.ndarray:
    """Class numbers `[...]` int32 of labels. Raises InputError for a label that is no class's."""
    order = np.argsort(values)
    at = order[np.searchsorted(values, y, sorter=order).clip(max=len(values) - 1)]
    unknown = y[values[at] != y]
    if len(unknown):
        plain = np.array_equal(values, np.arange(len(values)))
        classes = f"0 to {len(values) - 1}" if plain else listed(values)
        advice = label_advice(y) if plain else "They are those of the training data, or of dataset.class_names."
        raise InputError(
            f"{where}: label {unknown[0]:{'g' if y.dtype.kind == 'f' else ''}} is outside the {len(values)} classes "
            f"{classes} ({len(unknown)} such targets). {advice}"
        )
    return at.astype(np.int32)


def listed(entries: Sequence) -> str:
    told = [str(entry) for entry in entries[:SHOWN]]
    return ", ".join(told) + (f", ... ({len(entries)} in all)" if len(entries) > SHOWN else "")
