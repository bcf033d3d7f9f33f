"""From a source's arrays to a `Dataset`: checked, cut into splits, converted and scaled."""

from __future__ import annotations

import numpy as np

from lossexp.datasets.check import check_arrays, check_dataset
from lossexp.datasets.dataset import Dataset, Split, Task
from lossexp.datasets.splitting import cut, take
from lossexp.datasets.standardise import scale_targets, standardise_inputs
from lossexp.datasets.stored import StoredInputs, as_inputs, rows

Arrays = tuple[np.ndarray | StoredInputs, np.ndarray]


def assemble(
    name: str,
    task: Task,
    train: Arrays,
    *,
    val: Arrays | None = None,
    test: Arrays | None = None,
    class_names: tuple[str, ...] = (),
    seed: int,
    validation_fraction: float,
    test_fraction: float | None = None,
    limit: int | None = None,
    standardise: bool = True,
) -> Dataset:
    """Makes a dataset of inputs `[n, ...]` and targets `[n]`.

    A split that the source gives is kept whole; a missing test split is cut from `train` by
    `test_fraction`, then a missing validation split by `validation_fraction`, then `limit` shortens what
    is left for training. Images `[n, height, width]` gain a channel axis and uint8 becomes [0, 1];
    tables `[n, features]` are standardised where `standardise`; regression targets are divided by their
    training standard deviation.
    """
    given = {"train": train, "val": val, "test": test}
    for split, arrays in given.items():
        if arrays is not None:
            check_arrays(*arrays, task, len(class_names), f"dataset {name}, {split} data")
    by_class = task != "regression"
    if test is None:
        train, test = _cut(train, test_fraction, seed, "test", by_class)
    if val is None:
        train, val = _cut(train, validation_fraction, seed, "validation", by_class)
    train = _at(train, take(train[1], limit, seed, by_class))

    dataset = Dataset(name, task, _split(train, task), _split(val, task), _split(test, task), tuple(class_names))
    check_dataset(dataset)
    if standardise and len(dataset.input_shape) == 1:
        dataset = standardise_inputs(dataset)
    if task == "regression":
        dataset = scale_targets(dataset)
    return dataset


def _cut(arrays: Arrays, fraction: float, seed: int, part: str, by_class: bool) -> tuple[Arrays, Arrays]:
    rest, chosen = cut(arrays[1], fraction, seed, part, by_class)
    return _at(arrays, rest), _at(arrays, chosen)


def _at(arrays: Arrays, positions: np.ndarray) -> Arrays:
    return rows(arrays[0], positions), arrays[1][positions]


def _split(arrays: Arrays, task: Task) -> Split:
    x, y = arrays
    x = x if isinstance(x, StoredInputs) else as_inputs(x)
    return Split(x, y.astype(np.float32 if task == "regression" else np.int32))
