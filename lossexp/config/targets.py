"""What a config may build: the list of targets, and looking one up."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection
from typing import Any

from lossexp.errors import InputError

OWN_ROOMS = ("datasets", "models", "losses", "trainer", "tracking")
KERAS_MODULES = ("losses", "optimizers", "callbacks", "layers", "initializers", "regularizers")
# Keras layers that run code or graphs given to them, which a config file must not bring along.
REFUSED_NAMES = ("get", "serialize", "deserialize")  # a second way to build anything
REFUSED = ("keras.layers.Lambda", "keras.layers.TFSMLayer", "keras.layers.TorchModuleWrapper")


def locate(path: Any, where: str, trusted: Collection[str] = ()) -> Any:
    """The class or function at the dotted `path`, if the allowlist admits it; InputError otherwise."""
    if not isinstance(path, str) or not all(part.isidentifier() for part in path.split(".")):
        raise InputError(f"{where}._target_={path!r} is not a dotted path such as my_package.MyLoss.")
    parts = path.split(".")
    if parts[0] in trusted:
        return _import(path, where)
    own = parts[0] == "lossexp" and len(parts) >= 3 and parts[1] in OWN_ROOMS
    of_keras = parts[0] == "keras" and len(parts) == 3 and parts[1] in KERAS_MODULES
    refused = path in REFUSED or parts[-1] in REFUSED_NAMES
    if (own or of_keras) and not refused and not any(part.startswith("_") for part in parts):
        found = _import(path, where)
        home = getattr(found, "__module__", "").split(".")[0]
        if home == parts[0] and (inspect.isclass(found) or inspect.isfunction(found)):
            return found
    raise InputError(
        f"{where}._target_={path} is not on the list of what a config may build: lossexp's own "
        f"{', '.join(OWN_ROOMS)} and Keras's {', '.join(KERAS_MODULES)}. If you trust the package, say so on "
        f"the command line or in your own primary config: trusted_packages=[{parts[0]}]."
    )


def _import(path: str, where: str) -> Any:
    """Imports the longest module prefix of `path` and walks the rest as attributes."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:cut])
        try:
            found = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and (name == error.name or name.startswith(error.name + ".")):
                continue
            raise InputError(f"{where}._target_={path}: importing {name} failed: {error}") from error
        try:
            for part in parts[cut:]:
                found = getattr(found, part)
        except AttributeError as error:
            raise InputError(f"{where}._target_={path}: {error}.") from error
        return found
    raise InputError(
        f"{where}._target_={path}: no module named {parts[0]!r} can be imported. Is it installed, or in the "
        "folder you start from?"
    )
