"""Any dataset of TensorFlow Datasets, read through its own library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from lossexp.base.checks import Between, Count, FromZero, Name, Place, settings
from lossexp.base.errors import InputError
from lossexp.datasets.arrays import from_arrays
from lossexp.datasets.classes import AskedTask
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.inputs import Asked
from lossexp.datasets.preparation import check_allowed, check_features, prepare
from lossexp.datasets.tfds_files import stored_split

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

SPLITS = MappingProxyType({"train": "train", "val": None, "test": "test"})


@settings("dataset")
def load(
    name: Name,
    version: Name | None = None,
    splits: Mapping[str, Name | None] = SPLITS,
    data_dir: Place | None = None,
    download: bool = False,
    in_memory: bool = True,
    task: AskedTask = "auto",
    inputs: Asked = "auto",
    standardise: bool = True,
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """The TFDS dataset `name`, or `name/config`.

    splits: what TFDS calls our `train`, `val` and `test`, slices such as `"train[:80%]"` included; None
    for val or test cuts that split from training by its fraction. data_dir: where the prepared files are;
    None is the environment's TFDS_DATA_DIR, or ~/tensorflow_datasets. Files that are prepared need neither
    their builder's code nor a network; others are downloaded only where `download`.
    in_memory: False writes images to plain files in the data folder once and reads them from there, for data
    larger than memory; batches, and so results, are the same.
    task, inputs, standardise: what targets and inputs are, and what the model does to them first, as in `npz.load`.
    Raises InputError where the files are not prepared and may not or cannot be downloaded, for an unknown
    name or split, and for inputs or labels that are not arrays of one shape, or that may be read in two ways.
    """
    unknown = set(splits) - set(SPLITS)
    if unknown:
        raise InputError(f"dataset.splits has {', '.join(sorted(unknown))}; its keys are {', '.join(SPLITS)}.")
    folder = data_folder(data_dir)
    builder = _prepared_builder(name, version, folder, download)
    files = None if in_memory else folder
    splits = {part: _read(builder, splits.get(part), part, files) for part in SPLITS}
    return from_arrays(
        name,
        {part: split for part, split in splits.items() if split is not None},
        f"dataset.name={name}",
        task=_task(builder, task),
        class_names=_class_names(builder),
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
        inputs=inputs,
        standardise=standardise,
    )


def data_folder(data_dir: str | None) -> Path:
    """The absolute folder of prepared datasets: the setting, TFDS_DATA_DIR, or TFDS's usual place."""
    folder = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(folder).expanduser().absolute()


def _prepared_builder(name: str, version: str | None, folder: Path, download: bool) -> DatasetBuilder:
    check_allowed(name, folder, download)  # before the seconds that importing TensorFlow takes
    check_features(name, folder)
    builder = _builder(name, version, folder)
    if builder.is_prepared():
        return builder
    prepare(builder, name, folder, download)
    return _builder(name, version, folder)  # anew: a builder reads its splits when it is made


def _builder(name: str, version: str | None, folder: Path) -> DatasetBuilder:
    import tensorflow_datasets as tfds

    wanted = {"version": version} if version else {}
    try:
        return tfds.builder(name, data_dir=str(folder), **wanted)
    except Exception as error:  # TFDS has many kinds for a name or a version that it cannot build
        asked = f"dataset.name={name}" + (f", dataset.version={version}" if version else "")
        raise InputError(
            f"{asked}: TFDS has no such dataset, and there are no prepared files of it in {folder} "
            f"(dataset.data_dir). {_first_line(error)}"
        ) from error


def _read(builder: DatasetBuilder, split: str | None, part: str, files: Path | None) -> Split | None:
    """Inputs `[n, ...]` and labels `[n]` of one TFDS split, in the order of its files; on disk below `files`."""
    if split is None and part != "train":
        return None
    import tensorflow_datasets as tfds

    _check_split(builder, split, part)
    _check_features(builder)
    # One file after the other: the same order whatever the number of threads.
    order = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)

    def read(batch_size: int):
        return builder.as_dataset(split=split, batch_size=batch_size, as_supervised=True, read_config=order)

    return Split(*tfds.as_numpy(read(-1))) if files is None else stored_split(builder, split, files, read)


def _check_split(builder: DatasetBuilder, split: str | None, part: str) -> None:
    try:
        examples = builder.info.splits[split].num_examples
    except Exception as error:  # a missing name and an unreadable slice raise different kinds
        cutting = "" if part == "train" else ", or null to cut it from the training split"
        raise InputError(
            f"dataset.splits.{part}={split}: {builder.name} has the splits {', '.join(builder.info.splits)}. "
            f"Name one of them, or a slice such as train[:80%]{cutting}."
        ) from error
    if not examples:
        raise InputError(f"dataset.splits.{part}={split} of {builder.name} is empty. Choose a larger slice.")


def _check_features(builder: DatasetBuilder) -> None:
    keys = builder.info.supervised_keys
    if not keys or len(keys) != 2 or not all(isinstance(key, str) for key in keys):
        raise InputError(
            f"dataset.name={builder.name}: TFDS names no single input and label for it (supervised_keys is "
            f"{keys}). Choose another dataset, or store the arrays you need with dataset=npz."
        )
    for key, feature in ((key, builder.info.features[key]) for key in keys):
        text = np.dtype(feature.np_dtype).kind in "OSU" and key == keys[1]
        if None in feature.shape or not (text or np.dtype(feature.np_dtype).kind in "biuf"):
            raise InputError(
                f"dataset.name={builder.name}: {key} ({feature.shape}, {feature.np_dtype}) must be numbers, all of "
                "one shape. Choose another dataset, or store resized arrays with dataset=npz."
            )


def _class_names(builder: DatasetBuilder) -> list[str] | None:
    """The names of a label's classes; None where TFDS has none, for values and labels of another kind."""
    label = builder.info.features[builder.info.supervised_keys[1]]
    return getattr(label, "names", None)


def _task(builder: DatasetBuilder, asked: AskedTask) -> AskedTask:
    """TFDS tells real numbers, also whole ones, from class labels."""
    label = builder.info.features[builder.info.supervised_keys[1]]
    return "regression" if asked == "auto" and np.dtype(label.np_dtype).kind == "f" else asked


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
