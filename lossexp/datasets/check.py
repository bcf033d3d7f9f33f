"""Finds data that cannot be trained on, before any time is spent on it."""

from __future__ import annotations

import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Dataset, Task

RENUMBER = "Number the classes 0, 1, ... without gaps, in the same way in every split."


def check_dataset(dataset: Dataset) -> None:
    """Raises InputError for an unusable split or for splits that do not fit each other.

    Unusable: empty, inputs and targets of different lengths, NaN or infinite values, targets of another shape than
    the task has, class labels that are not whole numbers in [0, num_classes), values of regression that are all the
    same (training or test), or sample weights that are not finite and positive in sum.
    """
    for name, split in dataset.splits.items():
        where = f"dataset {dataset.name}, {name} split"
        check_arrays(split.x, split.y, dataset.task, dataset.num_classes, where, dataset.ignore_class)
        shape, training = split.x.shape[1:], dataset.train.x.shape[1:]
        if shape != training:
            raise InputError(
                f"{where}: inputs have shape {shape}, the training inputs {training}. "
                "Give every split inputs of one shape."
            )
        if dataset.task == "regression" and name != "val" and len(split) > 1:
            _check_differ(dataset.original(split.y), where)
        check_weights(split.sample_weight, len(split), where)


def check_arrays(
    x: np.ndarray, y: np.ndarray, task: Task, num_classes: int, where: str, ignore_class: int | None = None
) -> None:
    """Raises InputError for unusable inputs `[n, ...]` and targets (`Split.y`) of one split.

    where: opens every message. ignore_class: the label of pixels that do not count.
    """
    if len(x) != len(y):
        raise InputError(f"{where}: {len(x)} inputs but {len(y)} targets. Give one target for each input.")
    if len(x) == 0:
        raise InputError(f"{where} is empty. Give it at least one example; see the dataset's fractions and limit.")
    if isinstance(x, np.ndarray):  # those on disk were checked when they were opened
        check_numbers(x, "inputs", where)
    check_numbers(y, "targets", where)
    _check_shape(x, y, task, num_classes, where)
    if task == "multilabel":
        wrong = y[(y != 0) & (y != 1)]
        if len(wrong):
            raise InputError(
                f"{where}: {len(wrong)} of {y.size} answers are neither 0 nor 1, such as {wrong[0]:g}. Give 1 where "
                "an example has the label, else 0."
            )
    elif task == "segmentation":
        counted = y.reshape(-1) if ignore_class is None else y[y != ignore_class]
        if not len(counted):
            raise InputError(f"{where}: all pixels are of dataset.ignore_class={ignore_class}. Label some of them.")
        _check_labels(counted, num_classes, where, "pixels")
    elif task != "regression":
        _check_labels(y, num_classes, where)


def _check_shape(x: np.ndarray, y: np.ndarray, task: Task, num_classes: int, where: str) -> None:
    if task == "multilabel":
        fits, means = y.shape[1:] == (num_classes,), f"0 or 1 for each of {num_classes} labels, [n, {num_classes}]"
    elif task == "segmentation":
        size = x.shape[1:3] if x.ndim in (3, 4) else ("height", "width")
        fits, means = y.shape[1:] == size, f"a class number for each pixel, [n, {size[0]}, {size[1]}]"
    elif task == "regression":
        fits, means = y.ndim == 1 or (y.ndim == 2 and y.shape[1] > 0), "one number, [n], or several, [n, outputs]"
    else:
        fits, means = y.ndim == 1, "one number for each example, [n]"
    if not fits:
        one_hot = "; for one-hot labels that is y.argmax(axis=-1)" if task not in ("multilabel", "regression") else ""
        raise InputError(f"{where}: targets have shape {y.shape}. Give {means}{one_hot}.")


def _check_differ(y: np.ndarray, where: str) -> None:
    """Raises InputError where a target of regression, in the original unit, is the same in all examples."""
    same = np.atleast_1d((y == y[0]).all(axis=0))
    if same.any():
        column = int(same.argmax())
        of = f" of output {column}" if y.ndim == 2 else ""
        raise InputError(
            f"{where}: all {len(y)} targets{of} are {np.atleast_1d(y[0])[column]:g}, so there is nothing to "
            "predict, and R2 has no meaning. Give targets that differ, or set dataset.task where the source has it."
        )


def check_numbers(values: np.ndarray, what: str, where: str) -> None:
    """Raises InputError unless `values`, called `what` in the message, are finite numbers that float32 holds."""
    if values.dtype.kind not in "biuf":
        raise InputError(
            f"{where}: {what} have dtype {values.dtype}. Store them as integers or real numbers, all of one shape."
        )
    if values.dtype.kind != "f":
        return
    least, largest = (values.min(), values.max()) if values.size else (0.0, 0.0)  # NaN where there is any
    if not np.isfinite([least, largest]).all():
        wrong = int((~np.isfinite(values)).sum())
        raise InputError(
            f"{where}: {wrong} of {values.size} {what} are NaN or infinite. Fill or drop them before training."
        )
    largest = max(-least, largest)
    if largest > np.finfo(np.float32).max:
        raise InputError(
            f"{where}: {what} up to {largest:g} are larger than float32 holds (3.4e38), in which training computes. "
            "Give them in another unit, or drop what marks missing values."
        )


def _check_labels(y: np.ndarray, num_classes: int, where: str, what: str = "examples") -> None:
    if np.any(y != np.floor(y)):
        raise InputError(
            f"{where}: class labels are not whole numbers (such as {y[y != np.floor(y)][0]:g}). "
            "Number the classes from 0, or set dataset.task=regression where the source has that setting."
        )
    outside = y[(y < 0) | (y >= num_classes)]
    if len(outside):
        raise InputError(
            f"{where}: label {int(outside[0])} is outside the {num_classes} classes 0 to {num_classes - 1} "
            f"({len(outside)} such {what}). {label_advice(y)}"
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


def check_weights(weights: np.ndarray | None, examples: int, where: str) -> None:
    """Raises InputError unless weights are None, or a finite number from 0 up for each example, not all 0."""
    if weights is None:
        return
    if weights.shape != (examples,) or weights.dtype.kind not in "biuf":
        raise InputError(
            f"{where}: sample weights have shape {weights.shape} and dtype {weights.dtype} for {examples} examples. "
            "Give one number for each, [n]."
        )
    wrong = weights[~(np.isfinite(weights) & (weights >= 0))]
    if len(wrong) or not weights.any():
        found = f"{len(wrong)} of {examples} are not, such as {wrong[0]:g}" if len(wrong) else "all are 0"
        raise InputError(f"{where}: sample weights must be finite numbers from 0 up, and {found}.")
