"""The files that models are kept in, and what a `.keras` file says of its objects: read without Keras."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

MODEL, WEIGHTS = "model.keras", "model.weights.h5"  # in a run's folder: one of the two
BUILT_IN = ("keras", "builtins", "__main__")


def model_file(folder: Path) -> Path:
    """The file that a run's folder keeps its model in; the whole model's where it keeps none."""
    return folder / (WEIGHTS if (folder / WEIGHTS).is_file() and not (folder / MODEL).is_file() else MODEL)


class Saved(NamedTuple):
    """An object in the file: the module and class that it is of, and its own name, empty where it has none."""

    module: str
    class_name: str
    name: str


def saved_objects(keras_file: Path) -> list[Saved]:
    """Every object that the model in a `.keras` file is made of. A damaged file raises whatever its damage leads to."""
    with zipfile.ZipFile(keras_file) as archive:
        return list(_objects(json.loads(archive.read("config.json"))))


def custom_modules(keras_file: Path) -> set[str]:
    """Modules of the classes in a `.keras` file that are not Keras's own."""
    modules = {saved.module for saved in saved_objects(keras_file)}
    return {module for module in modules if module.partition(".")[0] not in BUILT_IN}


def lambdas(keras_file: Path) -> list[str]:
    """Names of the `Lambda` layers in a `.keras` file, which hold Python code that nobody named."""
    return [saved.name for saved in saved_objects(keras_file) if saved.class_name == "Lambda"]


def _objects(config: Any) -> Iterator[Saved]:
    if isinstance(config, dict):
        if isinstance(config.get("module"), str) and "class_name" in config:
            inner = config.get("config")
            name = inner.get("name", "") if isinstance(inner, dict) else ""
            yield Saved(config["module"], str(config["class_name"]), str(name))
        config = list(config.values())
    if isinstance(config, list):
        for value in config:
            yield from _objects(value)
