"""A user's own arrays, from one `.npz` file or from a folder of `.npy` files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from lossexp.base.checks import Between, Count, Distinct, FromZero, Length, Name, Place, settings
from lossexp.base.errors import InputError
from lossexp.datasets.assemble import assemble
from lossexp.datasets.check import check_numbers, label_advice
from lossexp.datasets.dataset import Dataset, Split, Task
from lossexp.datasets.inputs import Asked
from lossexp.datasets.stored import StoredInputs, chunks, rows

KEYS = ("x_train", "y_train", "x_test", "y_test")
FOLDER = f"A folder needs {', '.join(f'{key}.npy' for key in KEYS)}, each written with numpy.save."
LAYOUT = f"Write it with numpy.savez(path, {', '.join(f'{key}=...' for key in KEYS)})."
ClassNames = Annotated[list[Name | int | float], Length(2), Distinct()]


@settings("dataset")
def load(
    path: Place,
    task: Literal["auto", "multiclass", "binary", "regression"] = "auto",
    class_names: ClassNames | None = None,
    inputs: Asked = "auto",
    standardise: bool = True,
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    limit: Count | None = None,
    ignore_class: int | None = None,
) -> Dataset:
    """The dataset stored as `x_train`, `y_train`, `x_test`, `y_test`; validation is cut from training.

    path: an `.npz` file, which is read into memory, or a folder with `x_train.npy` and so on, whose images
    stay on disk and are read as they are needed: for data larger than memory.
    inputs: what x is: `image` (`[n, height, width]` or with channels; unsigned integers become [0, 1]), `table`
    (`[n, features]`) or `series` (`[n, steps, features]`), both standardised by training statistics where
    `standardise`, `tokens` (integers `[n, length]`, which stay integers) or `raw` (left as it is). `auto` takes what
    the array cannot be anything else than.
    y: `[n]` or `[n, 1]`. task `auto`: integers are class labels (two classes: binary), real numbers are
    regression values. class_names: two or more, no two alike; by default "0", "1", ... up to the largest training
    label, and then every class must occur in training. ignore_class: a label, such as -1 or 255, of examples that
    have none: they are left out of every split, which is what a loss's `ignore_class` makes of them too.
    Raises InputError for a file that is missing, not an npz, incomplete, pickled or wrongly shaped.
    """
    arrays = _read(path)
    where = f"dataset.path={path}"
    for key, array in arrays.items():
        _check_rank(key, array, where)
        for part in chunks(array):
            check_numbers(part, f"values of {key}", where)
    (x_train, y_train), (x_test, y_test) = (
        _labelled(_inputs(arrays[f"x_{part}"]), _flat(arrays[f"y_{part}"]), ignore_class, f"{where}: y_{part}")
        for part in ("train", "test")
    )
    if task == "auto":
        task = _infer_task(y_train, where)
    for name, given in {"ignore_class": ignore_class, "class_names": class_names}.items():
        if task == "regression" and given is not None:
            raise InputError(f"{where}: dataset.{name} is for class labels, and these are values. Leave it out.")
    if task != "regression" and class_names is None:
        class_names = _numbered(y_train, where)
    if task == "binary" and len(class_names) != 2:
        raise InputError(
            f"{where}: dataset.task=binary, but there are {len(class_names)} classes. Set dataset.task=multiclass."
        )
    return assemble(
        Path(path).stem,
        task,
        Split(x_train, y_train),
        test=Split(x_test, y_test),
        class_names=() if task == "regression" else tuple(str(name) for name in class_names),
        seed=seed,
        validation_fraction=validation_fraction,
        limit=limit,
        inputs=inputs,
        standardise=standardise,
    )


def _read(path: str) -> dict[str, np.ndarray]:
    file = Path(path).expanduser()
    if file.is_dir():
        return _read_folder(file)
    if not file.is_file():
        raise InputError(
            f"dataset.path={path}: no such file ({file.resolve()}). Give the path of an .npz file, or of a folder "
            "of .npy files."
        )
    return plain_arrays(file, KEYS, f"dataset.path={path}", LAYOUT)


def plain_arrays(file: Path, keys: Sequence[str], setting: str, layout: str) -> dict[str, np.ndarray]:
    """The arrays called `keys` of an `.npz` file. Raises InputError from `setting` to `layout`."""
    try:
        # Pickled objects run code when they are read, so they stay refused whatever the file.
        stored = np.load(file, allow_pickle=False)
        if isinstance(stored, np.ndarray):
            raise ValueError("it holds a single array without a name")
        with stored:
            missing = [key for key in keys if key not in stored]
            arrays = {key: stored[key] for key in keys if not missing}
            found = ", ".join(stored) or "nothing"
    except Exception as error:  # numpy, zipfile and zlib each have their own for a broken file
        raise InputError(
            f"{setting} is not an .npz file of plain numeric arrays: {_reason(error)}. {layout}"
        ) from error
    if missing:
        raise InputError(f"{setting} lacks {', '.join(missing)}; it has {found}. {layout}")
    return arrays


def _read_folder(folder: Path) -> dict[str, np.ndarray]:
    missing = [key for key in KEYS if not (folder / f"{key}.npy").is_file()]
    if missing:
        raise InputError(f"dataset.path={folder} lacks {', '.join(f'{key}.npy' for key in missing)}. {FOLDER}")
    try:
        return {key: np.load(folder / f"{key}.npy", mmap_mode="r" if key[0] == "x" else None) for key in KEYS}
    except Exception as error:
        raise InputError(
            f"dataset.path={folder} does not hold plain numeric arrays: {_reason(error)}. {FOLDER}"
        ) from error


def _reason(error: Exception) -> str:
    """What numpy says; of a pickle it recommends to allow it, which would run whatever the file holds."""
    return "it is another kind of file or holds Python objects" if "pickle" in str(error) else str(error)


def _inputs(x: np.ndarray) -> np.ndarray | StoredInputs:
    """Images stay where they are; tables are standardised, so they come into memory."""
    return StoredInputs(x) if isinstance(x, np.memmap) and x.ndim > 2 else np.asarray(x)


def _labelled(
    x: np.ndarray | StoredInputs, y: np.ndarray, ignore_class: int | None, where: str
) -> tuple[np.ndarray | StoredInputs, np.ndarray]:
    """The examples whose label is not `ignore_class`; arrays that do not fit each other have their own error."""
    if ignore_class is None or y.ndim != 1 or len(x) != len(y):
        return x, y
    kept = np.flatnonzero(y != ignore_class)
    if not len(kept):
        raise InputError(f"{where} holds nothing but dataset.ignore_class={ignore_class}. Give it labelled examples.")
    return (x, y) if len(kept) == len(y) else (rows(x, kept), y[kept])


def _check_rank(key: str, array: np.ndarray, where: str) -> None:
    least, layout = (2, "[n, features] or [n, height, width]") if key[0] == "x" else (1, "[n]")
    if array.ndim < least or array.size == 0:
        raise InputError(f"{where}: {key} has shape {array.shape}. Store one entry for each example, {layout}.")


def _flat(y: np.ndarray) -> np.ndarray:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def _infer_task(y: np.ndarray, where: str) -> Task:
    if y.dtype.kind != "f":
        return "binary" if y.max() <= 1 else "multiclass"
    if (y == np.floor(y)).all():
        raise InputError(
            f"{where}: y_train holds whole numbers as {y.dtype}, which may be class labels or values. "
            "Set dataset.task=multiclass, binary or regression."
        )
    return "regression"


def _numbered(y: np.ndarray, where: str) -> list[str]:
    """Names "0", "1", ... of the classes that the training labels use."""
    used = np.unique(y)
    count = max(int(used[-1]) + 1, 2)
    used = used[used >= 0]  # a negative label has its own error
    if len(used) < count:
        gap = next((i for i, label in enumerate(used) if label != i), len(used))
        raise InputError(
            f"{where}: y_train has labels up to {y.max():g} but no example of class {gap} "
            f"({count - len(used)} absent in all). {label_advice(y)} Set "
            "dataset.task=regression if these are values, or dataset.class_names to all classes if some are absent."
        )
    return [str(label) for label in range(count)]
