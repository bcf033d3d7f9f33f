"""A dataset that a function of the user's own returns."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lossexp.base.blame import blaming
from lossexp.base.callables import dotted, unwrapped
from lossexp.base.checks import Between, Count, FromZero, Place, settings
from lossexp.base.errors import InputError
from lossexp.config.identity import source_digest
from lossexp.datasets.arrays import from_arrays
from lossexp.datasets.classes import AskedTask
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.inputs import Asked
from lossexp.datasets.labels import ClassNames
from lossexp.datasets.named_arrays import NAMES, PART_OF, PARTS, chosen
from lossexp.datasets.streams import is_stream, read_stream

RETURNS = (
    "Return ((x_train, y_train), (x_test, y_test)), (x, y), (x_train, y_train, x_test, y_test), a dict of arrays such "
    "as {'x_train': ..., 'y_train': ...}, a tf.data.Dataset, a keras.utils.PyDataset, or a lossexp Dataset."
)


@settings("dataset")
def load(
    fn: Callable,
    task: AskedTask = "auto",
    class_names: ClassNames | None = None,
    inputs: Asked = "auto",
    standardise: bool = True,
    ignore_class: int | None = None,
    data_dir: Place | None = None,
    reread: bool = False,
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """What `fn` returns, called with `seed` if it takes one.

    That may be arrays: `((x_train, y_train), (x_test, y_test))`, with validation between them or without test;
    `(x, y)` or `(x, y, sample_weight)`; `(x_train, y_train, x_test, y_test)`; a dict with the names that `npz.load`
    knows. Instead of each `(x, y)` it may be a `tf.data.Dataset` or a `keras.utils.PyDataset`. Such streams are read
    once into files below `data_dir` (null: LOSSEXP_DATA_DIR, or ~/.cache/lossexp), and from these by all runs with the
    same code, arguments and seed; `reread` reads them anew, and the run is trained again. Or it may be a lossexp
    `Dataset`, which is taken as it is. The other settings are those of `npz.load`.
    Raises InputError for an error in `fn`, with its place, and for a result of another kind.
    """
    function, arguments = unwrapped(fn)
    where = f"dataset.fn={dotted(fn)}"
    with blaming(where):
        if "seed" in inspect.signature(function).parameters:
            arguments = {"seed": seed, **arguments}
        found = function(**arguments)
    return as_dataset(
        found,
        where,
        called=[where, arguments, source_digest(function.__module__.partition(".")[0])],
        data_dir=data_dir,
        reread=reread,
        task=task,
        class_names=class_names,
        ignore_class=ignore_class,
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
        inputs=inputs,
        standardise=standardise,
    )


def as_dataset(
    found: Any, where: str, called: Any, data_dir: str | None = None, reread: bool = False, **settings: Any
) -> Dataset:
    """The dataset that a function's result `found` is, see `load`.

    called: what decides what a stream holds, as plain data: the function, its arguments and its code. settings: those
    of `from_arrays`.
    """
    if isinstance(found, Dataset):
        return found
    name = where.rpartition("=")[2]
    place = data_folder(data_dir) / f"{name}-{_digest(called)}"
    splits = {}
    for part, given in _parts(found, where).items():
        splits[part] = (
            read_stream(given, place / part, reread, f"{where}, {part} stream")
            if is_stream(given)
            else _split(given, f"{where}, {part} data")
        )
    return from_arrays(name, splits, where, **settings)


def data_folder(data_dir: str | None) -> Path:
    """Where streams are read into: the setting, LOSSEXP_DATA_DIR, or the user's cache."""
    return Path(data_dir or os.environ.get("LOSSEXP_DATA_DIR") or "~/.cache/lossexp").expanduser().absolute()


def _digest(called: Any) -> str:
    return hashlib.sha256(json.dumps(called, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _parts(found: Any, where: str) -> dict[str, Any]:
    """A stream, or arrays `(x, y)` or `(x, y, sample_weight)`, for each part."""
    if is_stream(found):
        return {"train": found}
    if isinstance(found, Mapping):
        return _of_mapping(found, where)
    if not isinstance(found, tuple | list) or not found:
        raise InputError(f"{where} returned {_told(found)}. {RETURNS}")
    if all(is_stream(part) or isinstance(part, tuple) for part in found) and len(found) in (1, 2, 3):
        names = {1: ("train",), 2: ("train", "test"), 3: ("train", "val", "test")}[len(found)]
        return {name: _checked(part, where) for name, part in zip(names, found, strict=True)}
    if len(found) == 4:
        return dict(zip(("train", "test"), _in_pairs(*found), strict=True))
    return {"train": _checked(found, where)}


def _of_mapping(found: Mapping, where: str) -> dict[str, Any]:
    if set(found) <= set(PART_OF):
        return {PART_OF[name]: _checked(part, where) for name, part in found.items()}
    arrays = {name: value for name, value in found.items() if hasattr(value, "shape") or isinstance(value, list)}
    picked = chosen(list(arrays), NAMES, where, RETURNS)
    roles = ("x", "y", "sample_weight")
    return {
        part: [arrays[picked[f"{role}_{part}"]] for role in roles if f"{role}_{part}" in picked]
        for part in PARTS
        if f"x_{part}" in picked
    }


def _checked(part: Any, where: str) -> Any:
    if is_stream(part) or (isinstance(part, tuple | list) and len(part) in (2, 3) and not any(map(is_stream, part))):
        return part
    raise InputError(f"{where} returned {_told(part)} where (x, y) or a dataset is meant. {RETURNS}")


def _in_pairs(a: Any, b: Any, c: Any, d: Any) -> tuple[tuple, tuple]:
    """Training and test arrays from `(x_train, y_train, x_test, y_test)`, or in the order of `train_test_split`."""
    halves = np.shape(a)[1:] == np.shape(b)[1:] != np.shape(c)[1:]  # as many for training as for the test
    if len(a) == len(b) and len(c) == len(d) and not halves:
        return (a, b), (c, d)
    return (a, c), (b, d)


def _split(arrays: tuple | list, where: str) -> Split:
    try:
        return Split(*(np.asarray(array) for array in arrays))
    except ValueError as error:  # lists of lists of unlike lengths
        raise InputError(f"{where} is no array: {error} Give all examples one shape; pad what is shorter.") from error


def _told(found: Any) -> str:
    if found is None:
        return "nothing (there is no return)"
    if isinstance(found, tuple | list):
        return f"a {type(found).__name__} of {len(found)} ({', '.join(type(entry).__name__ for entry in found[:6])})"
    return f"a {type(found).__name__}"
