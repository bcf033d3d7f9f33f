"""A user's own arrays, from one `.npz` file or from a folder of `.npy` files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from lossexp.base.checks import Between, Count, FromZero, Name, Place, settings
from lossexp.base.errors import InputError
from lossexp.datasets.arrays import from_arrays
from lossexp.datasets.classes import AskedTask
from lossexp.datasets.dataset import Dataset
from lossexp.datasets.inputs import Asked
from lossexp.datasets.labels import ClassNames
from lossexp.datasets.named_arrays import NAMES, chosen, splits_of
from lossexp.datasets.stored import StoredInputs

FOLDER = "A folder needs x_train.npy and y_train.npy, each written with numpy.save."
LAYOUT = "Write it with numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)."


@settings("dataset")
def load(
    path: Place,
    names: Mapping[str, Name | None] = NAMES,
    task: AskedTask = "auto",
    class_names: ClassNames | None = None,
    inputs: Asked = "auto",
    standardise: bool = True,
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
    ignore_class: int | None = None,
) -> Dataset:
    """The dataset stored as `x_train`, `y_train`, and where they are there `x_val`, `y_val`, `x_test`, `y_test`.

    Splits that are not there are cut from training by their fraction. `sample_weight_train` and so on: weights `[n]`.
    path: an `.npz` file, which is read into memory, or a folder with `x_train.npy` and so on, whose images
    stay on disk and are read as they are needed: for data larger than memory.
    names: what the arrays are called there, `{x_train: pixels}`; known without being told are `X_train`,
    `train_images`, `val_labels`, `w_test`, ... (`named_arrays.key_of`), and `x` and `y`, `data` and `target`, ...
    inputs: what x is: `image` (`[n, height, width]` or with channels; unsigned integers become [0, 1]), `table`
    (`[n, features]`) or `series` (`[n, steps, features]`), both standardised by training statistics where
    `standardise`, `tokens` (integers `[n, length]`, which stay integers) or `raw` (left as it is). `auto` takes what
    the array cannot be anything else than.
    y: see `labels.read_targets`. task `auto`: what it cannot be anything else than. class_names: two or more, no two
    alike, also of classes that training lacks; by default what the labels are. ignore_class: a label, such as -1 or
    255, of examples that have none: they are left out of every split, which is what a loss's `ignore_class` makes of
    them too. Such pixels do not count.
    Raises InputError for a file that is missing, not an npz, incomplete, pickled or wrongly shaped.
    """
    return from_arrays(
        Path(path).stem,
        splits_of(_read(path, names)),
        f"dataset.path={path}",
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


def _read(path: str, names: Mapping[str, str | None]) -> dict[str, np.ndarray | StoredInputs]:
    file = Path(path).expanduser()
    if file.is_dir():
        return _read_folder(file, names)
    if not file.is_file():
        raise InputError(
            f"dataset.path={path}: no such file ({file.resolve()}). Give the path of an .npz file, or of a folder "
            "of .npy files."
        )
    setting = f"dataset.path={path}"
    return plain_arrays(file, lambda found: chosen(found, names, setting, LAYOUT), setting, LAYOUT)


def plain_arrays(
    file: Path, pick: Callable[[Sequence[str]], Mapping[str, str]], setting: str, layout: str
) -> dict[str, np.ndarray]:
    """Arrays of an `.npz` file: by key, those that `pick` names of all names in the file.

    Raises InputError, from `setting` to `layout`, for another file and for arrays that are Python objects.
    """
    try:
        # Pickled objects run code when they are read, so they stay refused whatever the file.
        stored = np.load(file, allow_pickle=False)
        if isinstance(stored, np.ndarray):
            raise ValueError("it holds a single array without a name")
        with stored:
            return {key: stored[name] for key, name in pick(list(stored)).items()}
    except InputError:
        raise
    except Exception as error:  # numpy, zipfile and zlib each have their own for a broken file
        raise InputError(f"{setting} is not an .npz file of plain arrays: {_reason(error)}. {layout}") from error


def _read_folder(folder: Path, names: Mapping[str, str | None]) -> dict[str, np.ndarray | StoredInputs]:
    setting = f"dataset.path={folder}"
    picked = chosen(sorted(file.stem for file in folder.glob("*.npy")), names, setting, FOLDER)
    try:
        return {key: _opened(folder / f"{name}.npy", is_input=key.startswith("x_")) for key, name in picked.items()}
    except Exception as error:
        raise InputError(f"{setting} does not hold plain arrays: {_reason(error)}. {FOLDER}") from error


def _opened(file: Path, is_input: bool) -> np.ndarray | StoredInputs:
    """Pictures stay where they are; tables are small, and targets are read often: they come into memory."""
    array = np.load(file, mmap_mode="r" if is_input else None)
    return StoredInputs(array) if is_input and array.ndim > 2 else np.array(array)


def _reason(error: Exception) -> str:
    """What numpy says; of a pickle it recommends to allow it, which would run whatever the file holds."""
    objects = "it is another kind of file or holds Python objects, such as lists of unlike lengths (pad them)"
    return objects if "pickle" in str(error) else str(error)
