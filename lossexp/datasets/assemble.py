"""From a source's arrays to a `Dataset`: checked, cut into splits, and told what they are."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.check import check_arrays, check_dataset
from lossexp.datasets.classes import listed
from lossexp.datasets.dataset import Dataset, Split, Task
from lossexp.datasets.inputs import FEATURES, Asked, describe, kept_dtype, kind_of, largest_token
from lossexp.datasets.splitting import cut, take
from lossexp.datasets.stored import chunks

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
    targets = {part: split.y for part, split in given.items()}
    divided = divide(targets, task, seed, validation_fraction, test_fraction, limit)
    splits = {part: given[source].rows(positions) for part, (source, positions) in divided.items()}
    train = splits["train"]

    kind = kind_of(train.x, inputs, f"dataset {name}")
    largest = 0
    if kind == "tokens":
        largest = max(largest_token(split.x, f"dataset {name}, {part} split") for part, split in splits.items())
    dtypes = {part: kept_dtype(split.x, kind) for part, split in splits.items()}
    if kind not in FEATURES and len(set(dtypes.values())) > 1:  # bytes beside numbers in [0, 1], for instance
        found = ", ".join(f"{dtype} in {part}" for part, dtype in dtypes.items())
        raise InputError(f"dataset {name}: inputs are {found}. Give every split inputs of one dtype and range.")
    if kind == "image" and dtypes["train"].kind != "u":
        _check_range(splits, f"dataset {name}")
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
    _tell_absent(dataset)
    return dataset


def _check_range(splits: Mapping[str, Split], where: str) -> None:
    """Warns of pictures far from [0, 1]. Raises InputError where those of one split are and others' are not."""
    largest = {part: float(np.abs(next(iter(chunks(split.x)))).max()) for part, split in splits.items()}
    told = ", ".join(f"{value:g} in {part}" for part, value in largest.items())
    if max(largest.values()) > 50 * min(largest.values()) > 0:
        raise InputError(f"{where}: pictures go up to {told}. Give every split inputs of one dtype and range.")
    if largest["train"] > 16:
        log.warning(
            "%s: pictures go up to %s and reach the model so. As unsigned integers, such as x.astype(np.uint8), they "
            "would be scaled to [0, 1]",
            *(where, told),
        )


def _tell_absent(dataset: Dataset) -> None:
    """Warns of classes or labels without an example."""
    if dataset.task == "regression":
        return
    for part, so in (("train", "nothing can be learned of it"), ("test", "scores say nothing of it")):
        y = dataset.splits[part].y
        present = y.any(axis=0) if dataset.task == "multilabel" else np.isin(np.arange(dataset.num_classes), y)
        absent = [name for name, there in zip(dataset.class_names, present, strict=True) if not there]
        if absent:
            log.warning("dataset %s: no %s example has %s, so %s", dataset.name, part, listed(absent), so)


def divide(
    y: Mapping[str, np.ndarray],
    task: Task,
    seed: int,
    validation_fraction: float,
    test_fraction: float | None,
    limit: int | None,
) -> dict[str, tuple[str, np.ndarray]]:
    """Of the splits `train`, `val` and `test` each: the part of the source that has its examples, and their positions.

    y: the targets of each part that the source has. The other splits are cut from `train`, which `limit` shortens.
    """
    by_class = task in ("multiclass", "binary", "ordinal")
    positions = {part: np.arange(len(targets)) for part, targets in y.items()}
    for part, named, fraction in (("test", "test", test_fraction), ("val", "validation", validation_fraction)):
        if part not in y:
            train = positions["train"]
            rest, chosen = cut(y["train"][train], fraction, seed, named, by_class)
            positions |= {"train": train[rest], part: train[chosen]}
    train = positions["train"]
    positions["train"] = train[take(y["train"][train], limit, seed, by_class)]
    return {part: (part if part in y else "train", positions[part]) for part in ("train", "val", "test")}


def _kept(split: Split, dtype: np.dtype, task: Task) -> Split:
    weight = None if split.sample_weight is None else np.asarray(split.sample_weight, np.float32)
    y = split.y.astype(np.float64 if task == "regression" else np.int32)
    return replace(split, x=split.x.astype(dtype, copy=False), y=y, sample_weight=weight)
