"""From a source's arrays to a `Dataset`: checked, cut into splits, and told what they are."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.check import check_arrays, check_dataset
from lossexp.datasets.dataset import Dataset, Split, Task
from lossexp.datasets.inputs import FEATURES, Asked, describe, kept_dtype, kind_of, largest_token
from lossexp.datasets.splitting import cut, take

log = logging.getLogger(__name__)


def assemble(
    name: str,
    task: Task,
    train: Split,
    *,
    val: Split | None = None,
    test: Split | None = None,
    class_names: tuple[str, ...] = (),
    seed: int,
    validation_fraction: float,
    test_fraction: float | None = None,
    limit: int | None = None,
    inputs: Asked = "auto",
    standardise: bool = True,
    ignore_class: int | None = None,
) -> Dataset:
    """Makes a dataset of splits that hold what a source has.

    A split that the source gives is kept whole; a missing test split is cut from `train` by
    `test_fraction`, then a missing validation split by `validation_fraction`, then `limit` shortens what
    is left for training. class_names: of classes, of the labels of multilabel data, or of the outputs of regression.
    inputs: what an example is, see `inputs.kind_of`. What the model does to it first is taken from the training split
    that is left, see `inputs.describe`.
    """
    given = {"train": train, "val": val, "test": test}
    for part, split in given.items():
        if split is not None:
            check_arrays(split.x, split.y, task, len(class_names), f"dataset {name}, {part} data", ignore_class)
    given = {part: split for part, split in given.items() if split is not None}
    splits = divide(given, task, seed, validation_fraction, test_fraction, limit)
    train = splits["train"]

    kind = kind_of(train.x, inputs, f"dataset {name}")
    largest = 0
    if kind == "tokens":
        largest = max(largest_token(split.x, f"dataset {name}, {part} split") for part, split in splits.items())
    dtypes = {part: kept_dtype(split.x, kind) for part, split in splits.items()}
    if kind not in FEATURES and len(set(dtypes.values())) > 1:  # bytes beside numbers in [0, 1], for instance
        found = ", ".join(f"{dtype} in {part}" for part, dtype in dtypes.items())
        raise InputError(f"dataset {name}: inputs are {found}. Give every split inputs of one dtype and range.")
    if dtypes["train"] == np.float64:
        log.warning(
            "dataset %s: some features are so far from 0 that float32 has no digits for their differences. They are "
            "kept in float64, but Keras's own predict, and so MLflow's, rounds what it gets to float32: subtract a "
            "constant from them, or call the model itself, model(x)",
            name,
        )
    train, val, test = (_kept(split, dtypes["train"], task) for split in splits.values())
    described = replace(describe(train.x, kind, standardise, largest), dtype=splits["train"].x.dtype.name)
    dataset = Dataset(name, task, train, val, test, tuple(class_names), described, ignore_class)
    check_dataset(dataset)
    if task == "multilabel" and 0 in dataset.class_counts:
        absent = [label for label, count in zip(class_names, dataset.class_counts, strict=True) if not count]
        log.warning("dataset %s: no training example has %s, so nothing can be learned of it", name, ", ".join(absent))
    return dataset


def divide(
    given: Mapping[str, Split],
    task: Task,
    seed: int,
    validation_fraction: float,
    test_fraction: float | None,
    limit: int | None,
) -> dict[str, Split]:
    """The splits `train`, `val` and `test`: those `given`, the others cut from `train`, which `limit` shortens."""
    by_class = task in ("multiclass", "binary", "ordinal")
    train, val, test = (given.get(part) for part in ("train", "val", "test"))
    if test is None:
        train, test = _cut(train, test_fraction, seed, "test", by_class)
    if val is None:
        train, val = _cut(train, validation_fraction, seed, "validation", by_class)
    return {"train": train.rows(take(train.y, limit, seed, by_class)), "val": val, "test": test}


def _cut(split: Split, fraction: float, seed: int, part: str, by_class: bool) -> tuple[Split, Split]:
    rest, chosen = cut(split.y, fraction, seed, part, by_class)
    return split.rows(rest), split.rows(chosen)


def _kept(split: Split, dtype: np.dtype, task: Task) -> Split:
    weight = None if split.sample_weight is None else np.asarray(split.sample_weight, np.float32)
    y = split.y.astype(np.float64 if task == "regression" else np.int32)
    return replace(split, x=split.x.astype(dtype, copy=False), y=y, sample_weight=weight)
