"""Targets as users have them, read as the task takes them: class numbers, answers, classes of pixels, or values.

The training split decides; what it means is certain, or an error says what may be meant.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Annotated

import numpy as np

from lossexp.base.checks import Distinct, Length, Name
from lossexp.base.errors import InputError
from lossexp.datasets.classes import AskedTask, class_numbers, classes_of, listed
from lossexp.datasets.dataset import Task

ClassNames = Annotated[list[Name | int | float], Length(2), Distinct()]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Targets:
    """y: of each part, as `Split.y` says, but of any dtype. ignore_class: what pixels have there that do not count."""

    task: Task
    class_names: tuple[str, ...]
    y: Mapping[str, np.ndarray]
    ignore_class: int | None = None


def read_targets(
    given: Mapping[str, np.ndarray], task: AskedTask, class_names: Sequence | None, ignore_class: int | None, where: str
) -> Targets:
    """What the targets of a source mean.

    given: of each part that the source has, `train` among them: class labels `[n]` (whole numbers, texts or bools) or
    one-hot `[n, classes]`; 0 or 1 for each label, `[n, labels]`; classes of pixels `[n, height, width]`, or one-hot
    with a last axis; values `[n]` or `[n, outputs]`. A last axis of length 1 may follow. class_names: in the order of
    the class numbers; by default what the labels themselves are called. ignore_class: of pixels that do not count.
    Raises InputError where the targets may mean one thing as well as another, or nothing.
    """
    y = {part: _plain(array, f"{where}: y_{part}") for part, array in given.items()}
    _check_alike(y, where)
    names = None if class_names is None else tuple(str(name) for name in class_names)
    meant = _certain_task(y, where) if task == "auto" else task
    if meant in ("multilabel", "regression"):
        outputs = y["train"].shape[1] if y["train"].ndim == 2 else 0
        y = {part: array.astype(np.int8) if array.dtype == bool else array for part, array in y.items()}
        return Targets(meant, _names_of_columns(names, outputs, meant, where), y)
    ignored = ignore_class if meant == "segmentation" else None
    if y["train"].ndim == (4 if meant == "segmentation" else 2):
        y, values = _from_one_hot(y, where)
        names = _names_of_columns(names, len(values), meant, where)
    else:
        told = task if meant == "multiclass" else meant
        values, names = classes_of(y["train"][_counted(y["train"], ignored)], names, told, f"{where}: y_train")
    if meant == "multiclass" and task == "auto":
        meant = "binary" if len(names) == 2 else "multiclass"
    if meant == "binary" and len(names) != 2:
        raise InputError(f"{where}: dataset.task=binary, but there are {len(names)} classes: dataset.task=multiclass.")
    _tell(values, where)
    free = -1 if ignored in range(len(names)) else ignored  # a number that no class has
    y = {part: _class_numbers(array, values, ignored, free, f"{where}: y_{part}") for part, array in y.items()}
    return Targets(meant, names, y, free)


def _plain(y: np.ndarray, where: str) -> np.ndarray:
    """Numbers, bools or texts, without a last axis of length 1."""
    y = np.asarray(y)
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8")
    if y.dtype == object and any(all(isinstance(label, kind) for label in y.flat) for kind in (str, Real)):
        y = np.array(y.tolist())
    if y.dtype.kind not in "biufU":
        raise InputError(f"{where} has dtype {y.dtype}. Give numbers, bools or texts, with no target left out.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise InputError(
            f"{where}: {(~np.isfinite(y)).sum()} of {y.size} targets are NaN or infinite. Leave these examples out."
        )
    return y[..., 0] if y.ndim in (2, 4) and y.shape[-1] == 1 else y


def _check_alike(y: Mapping[str, np.ndarray], where: str) -> None:
    for part, array in y.items():
        shape, own = y["train"].shape[1:], array.shape[1:]
        if shape != own and not (len(shape) == len(own) == 2):  # pictures may differ in size here
            raise InputError(f"{where}: y_{part} has shape {array.shape}, and the training targets {y['train'].shape}.")
        if (array.dtype.kind == "U") != (y["train"].dtype.kind == "U"):
            raise InputError(f"{where}: y_{part} has dtype {array.dtype}, the training targets {y['train'].dtype}.")


def _certain_task(y: Mapping[str, np.ndarray], where: str) -> Task:
    """The task of these targets; "multiclass" stands for binary too."""
    train = y["train"]
    if train.ndim == 1 and (train.dtype.kind != "f" or _two_answers(train)):
        return "multiclass"
    if train.ndim in (3, 4):
        return "segmentation"
    if train.ndim == 2 and all(_answers(part) for part in y.values()):
        if not all(_one_hot(part) for part in y.values()):
            return "multilabel"
        log.info(
            "%s: every row of y has exactly one 1, so it is read as one of %d classes (dataset.task=multilabel: as "
            "%d labels of which an example may have several)",
            *(where, train.shape[1], train.shape[1]),
        )
        return "multiclass"
    if train.ndim > 2 or train.dtype.kind == "U":
        raise InputError(
            f"{where}: y_train has shape {train.shape} and dtype {train.dtype}. Give one target for each example, [n], "
            "several numbers, [n, outputs], or the class of each pixel, [n, height, width]."
        )
    if train.ndim == 2 and train.min() >= 0 and np.allclose(train.sum(axis=1), 1, atol=1e-3):
        raise InputError(
            f"{where}: each row of y_train sums to 1, as probabilities of {train.shape[1]} classes do. Give the class "
            "of each example, y.argmax(axis=-1), or set dataset.task=regression if these are values."
        )
    if (train == np.floor(train)).all():
        raise InputError(
            f"{where}: y_train holds whole numbers as {train.dtype}, which may be class labels or values. Set "
            f"dataset.task={'multiclass, binary or ' if train.ndim == 1 else ''}regression."
        )
    return "regression"


def _two_answers(y: np.ndarray) -> bool:
    return np.unique(y).tolist() in ([0, 1], [-1, 1])


def _answers(y: np.ndarray) -> bool:
    return y.dtype.kind != "U" and bool(((y == 0) | (y == 1)).all())


def _one_hot(y: np.ndarray) -> bool:
    return y.dtype.kind != "U" and _answers(y) and bool((y.sum(axis=-1) == 1).all())


def _names_of_columns(names: tuple[str, ...] | None, outputs: int, task: Task, where: str) -> tuple[str, ...]:
    """Of classes that are one-hot, of the labels of multilabel data, or of several outputs of regression."""
    if names is not None and len(names) != outputs:
        what = f"{outputs} columns" if outputs else "one value for each example"
        raise InputError(f"{where}: dataset.class_names has {len(names)} names, but y_train has {what}.")
    return names or (tuple(str(k) for k in range(outputs)) if task != "regression" else ())


def _from_one_hot(y: Mapping[str, np.ndarray], where: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Class numbers of each part, and all of them `[classes]`."""
    width = y["train"].shape[-1]
    for part, array in y.items():
        if not _one_hot(array) or array.shape[-1] != width:
            raise InputError(
                f"{where}: y_{part} of shape {array.shape} is not one-hot: exactly one 1 in each {width} numbers. "
                "Give class numbers: y.argmax(axis=-1)."
            )
    return {part: array.argmax(axis=-1) for part, array in y.items()}, np.arange(width)


def _tell(values: np.ndarray, where: str) -> None:
    """One line, where classes are not simply 0, 1, ..."""
    if values.dtype.kind not in "iu" or not np.array_equal(values, np.arange(len(values))):
        log.info("%s: labels are read as classes: %s", where, listed([f"{v} is {k}" for k, v in enumerate(values)]))


def _class_numbers(y: np.ndarray, values: np.ndarray, ignored: int | None, free: int | None, where: str) -> np.ndarray:
    """`y` as class numbers int32; what is `ignored` becomes `free`."""
    numbers, counted = np.full(y.shape, 0 if free is None else free, np.int32), _counted(y, ignored)
    numbers[counted] = class_numbers(y[counted], values, where)
    return numbers


def _counted(y: np.ndarray, ignored: int | None) -> np.ndarray:
    return np.ones(y.shape, bool) if ignored is None else y != ignored
