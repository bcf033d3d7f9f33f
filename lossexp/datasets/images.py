"""Pictures in a folder for each class."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from lossexp.base.checks import Between, Count, FromZero, Place, settings
from lossexp.base.errors import InputError
from lossexp.datasets.assemble import assemble
from lossexp.datasets.classes import listed
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.named_arrays import PARTS

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")  # those that Keras reads
BATCH = 256
log = logging.getLogger(__name__)


@settings("dataset")
def load(
    path: Place,
    size: list[Count],
    color: Literal["grey", "rgb"] = "rgb",
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """The pictures in `path/train/<class>/`, and `path/val` and `path/test` alike, or in `path/<class>/`.

    Parts that are not there are cut from training by their fraction. Classes are the folders in alphabetical order,
    pictures are in the order of their files' names. size: `[height, width]` that pictures are resized to, bilinear.
    They are kept as bytes, `[height, width, 1 or 3]`. Raises InputError for folders without pictures, classes that
    training lacks, and files that are damaged.
    """
    if len(size) != 2:
        raise InputError(f"dataset.size={size}: give two whole numbers, [height, width].")
    folder, where = Path(path).expanduser(), f"dataset.path={path}"
    folders = _part_folders(folder, where)
    classes = _classes(folders["train"], where)
    splits = {part: _split(inner, classes, size, color, where) for part, inner in folders.items()}
    empty = set(range(len(classes))) - set(splits["train"].y.tolist())
    if empty:
        raise InputError(f"{where}: no picture for training of {', '.join(classes[k] for k in sorted(empty))}.")
    return assemble(
        folder.resolve().name,
        "binary" if len(classes) == 2 else "multiclass",
        splits["train"],
        val=splits.get("val"),
        test=splits.get("test"),
        class_names=classes,
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
        inputs="image",
    )


def _part_folders(folder: Path, where: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f"{where}: no such folder ({folder.resolve()}).")
    found = {}
    for part, words in PARTS.items():
        named = [folder / name for name in _names(folder) if name.lower() in words]
        if len(named) > 1:
            raise InputError(f"{where} has {' and '.join(inner.name for inner in named)}, which may both be {part}.")
        if named:
            found[part] = named[0]
    if "train" not in found and found:
        raise InputError(f"{where} has {', '.join(inner.name for inner in found.values())}, but no folder train.")
    return found or {"train": folder}


def _classes(folder: Path, where: str) -> tuple[str, ...]:
    names = tuple(_names(folder))
    if len(names) < 2:
        raise InputError(
            f"{where}: {folder} has {len(names)} folders. Give each class a folder of its pictures: "
            "path/train/cat/1.png, path/train/dog/1.png, or without train and test: path/cat/1.png, path/dog/1.png."
        )
    return names


def _split(folder: Path, classes: Sequence[str], size: Sequence[int], color: str, where: str) -> Split:
    """Bytes `[n, *size, channels]` and class numbers `[n]`, in the order of classes and of the files' names."""
    import keras  # takes seconds, and is not needed for a folder that is wrong

    unknown = [name for name in _names(folder) if name not in classes]
    if unknown:
        raise InputError(f"{where}: {folder} has the class {listed(unknown)}; those of training are {listed(classes)}.")
    _tell_others(folder, where)
    own = [name for name in classes if (folder / name).is_dir()]
    try:
        pictures = keras.utils.image_dataset_from_directory(
            folder,
            class_names=own,
            color_mode="grayscale" if color == "grey" else "rgb",
            image_size=tuple(size),
            batch_size=BATCH,
            shuffle=False,
            verbose=False,
        )
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    x = np.empty((len(pictures.file_paths), *size, 1 if color == "grey" else 3), np.uint8)
    y, done = np.empty(len(x), np.int32), 0
    try:
        for images, labels in pictures.as_numpy_iterator():
            x[done : done + len(labels)] = np.round(images)
            y[done : done + len(labels)] = np.array([classes.index(name) for name in own])[labels]
            done += len(labels)
    except Exception as error:  # TensorFlow does not say which file it was
        raise InputError(f"{where}: {_damaged(pictures.file_paths)} Replace or remove what is damaged.") from error
    return Split(x, y)


def _names(folder: Path) -> list[str]:
    return sorted(inner.name for inner in folder.iterdir() if inner.is_dir() and not inner.name.startswith("."))


def _tell_others(folder: Path, where: str) -> None:
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]
    others = sorted(str(file.relative_to(folder)) for file in files if file.suffix.lower() not in SUFFIXES)
    if others:
        log.warning("%s: in %s, files that are no pictures are not read: %s", where, folder.name, listed(others))


def _damaged(files: Sequence[str]) -> str:
    import tensorflow as tf

    wrong = []
    for file in files:
        try:
            tf.io.decode_image(tf.io.read_file(file), expand_animations=False)
        except tf.errors.OpError:
            wrong.append(file)
    return f"{len(wrong)} of {len(files)} pictures cannot be read: {listed(wrong)}."
