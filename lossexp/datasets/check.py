"""Finds data that cannot be trained on, before any time is spent on it."""

from __future__ import annotations

import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Dataset, Split, Task

RENUMBER = "Number the classes 0, 1, ... without gaps, in the same way in every split."


def check_dataset(dataset: Dataset) -> None:
    """Raises InputError for an unusable split or for splits that do not fit each other.

    Unusable: empty, inputs and targets of different lengths, NaN or infinite values, class labels that
    are not whole numbers in [0, num_classes), values of regression that are all the same (training or test), or
    sample weights that are not finite and positive in sum.
    """
    for name, split in dataset.splits.items():
        where = f"dataset {dataset.name}, {name} split"
        check_arrays(split.x, split.y, dataset.task, dataset.num_classes, where)
        shape, training = split.x.shape[1:], dataset.train.x.shape[1:]
        if shape != training:
            raise InputError(
                f"{where}: inputs have shape {shape}, the training inputs {training}. "
                "Give every split inputs of one shape."
            )
        if dataset.task == "regression" and name != "val" and len(split) > 1 and (split.y == split.y[0]).all():
            raise InputError(
                f"{where}: all {len(split)} targets are {dataset.original(split.y[0]):g}, so there is nothing to "
                "predict, and R2 has no meaning. Give targets that differ, or set dataset.task where the source has it."
            )
        _check_weights(split, where)


def check_arrays(x: np.ndarray, y: np.ndarray, task: Task, num_classes: int, where: str) -> None:
    """Raises InputError for unusable inputs `[n, ...]` and targets `[n]` of one split; `where` opens every message."""
    if len(x) != len(y):
        raise InputError(f"{where}: {len(x)} inputs but {len(y)} targets. Give one target for each input.")
    if len(x) == 0:
        raise InputError(f"{where} is empty. Give it at least one example; see the dataset's fractions and limit.")
    if isinstance(x, np.ndarray):  # those on disk were checked when they were opened
        check_numbers(x, "inputs", where)
    check_numbers(y, "targets", where)
    if y.ndim != 1:
        raise InputError(
            f"{where}: targets have shape {y.shape}. Give one number for each example, [n]; "
            "for one-hot labels that is y.argmax(axis=-1)."
        )
    if task != "regression":
        _check_labels(y, num_classes, where)


def check_numbers(values: np.ndarray, what: str, where: str) -> None:
    """Raises InputError unless `values`, called `what` in the message, are finite numbers that float32 holds."""
    if values.dtype.kind not in "biuf":
        raise InputError(f"{where}: {what} have dtype {values.dtype}. Store them as integers or real numbers.")
    if values.dtype.kind != "f":
        return
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise InputError(
            f"{where}: {wrong} of {values.size} {what} are NaN or infinite. Fill or drop them before training."
        )
    largest = np.abs(values).max(initial=0)
    if largest > np.finfo(np.float32).max:
        raise InputError(
            f"{where}: {what} up to {largest:g} are larger than float32 holds (3.4e38), in which training computes. "
            "Give them in another unit, or drop what marks missing values."
        )


def _check_labels(y: np.ndarray, num_classes: int, where: str) -> None:
    if np.any(y != np.floor(y)):
        raise InputError(
            f"{where}: class labels are not whole numbers (such as {y[y != np.floor(y)][0]:g}). "
            "Number the classes from 0, or set dataset.task=regression where the source has that setting."
        )
    outside = y[(y < 0) | (y >= num_classes)]
    if len(outside):
        raise InputError(
            f"{where}: label {int(outside[0])} is outside the {num_classes} classes 0 to {num_classes - 1} "
            f"({len(outside)} such examples). {label_advice(y)}"
        )


def label_advice(y: np.ndarray) -> str:
    """How whole numbers `[n]` become class labels 0, 1, ..., for a message about those that are none."""
    used, counts = np.unique(y, return_counts=True)
    if used.tolist() == [-1, 1]:
        return "Relabel -1 and 1 as 0 and 1 in every split: y = (y + 1) // 2."
    if used[0] > 0 and used[-1] - used[0] == len(used) - 1 > 0:
        return f"Number the classes from 0 in every split: y = y - {int(used[0])}."
    for end in (0, -1):
        if _marks(used, counts, end):
            return (
                f"If {int(used[end])} marks examples without a label, set dataset.ignore_class={int(used[end])} where "
                "the source has that setting; if it is a class, number the classes from 0 without gaps and name all of "
                "them."
            )
    return RENUMBER


def _marks(used: np.ndarray, counts: np.ndarray, end: int) -> bool:
    """Whether the first or last label may mean "none": a minority, and the others are the classes 0, 1, ..."""
    others = np.delete(used, end)
    return len(others) > 1 and counts[end] < counts.sum() / 2 and np.array_equal(others, np.arange(len(others)))


def _check_weights(split: Split, where: str) -> None:
    weights = split.sample_weight
    if weights is None:
        return
    if weights.shape != split.y.shape or not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise InputError(
            f"{where}: sample weights must be one finite number from 0 up for each example, not all 0; "
            f"they have shape {weights.shape}."
        )
