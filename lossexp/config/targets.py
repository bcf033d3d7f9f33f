"""What a config may build: a closed list for each group, and looking a target up on it.

lossexp's own: what the group's shipped options name (`shipped_targets`). Keras's: `keras_names`, by module.
A target on the list is one name in one module. `check_target` imports nothing, so that it answers at once.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Collection
from typing import Any

from lossexp.base.blame import user_error
from lossexp.base.errors import InputError, did_you_mean
from lossexp.config.keras_names import BUILDABLE
from lossexp.config.shipped import shipped_targets

# Modules of Keras that a group's own target, and those that targets among its arguments, may come from.
MAKES = {"loss": ("losses",), "optimizer": ("optimizers",)}
TAKES = {
    "loss": ("losses",),
    "model": ("layers", "initializers", "regularizers", "constraints"),
    "optimizer": ("optimizers", "optimizers.schedules"),
    "trainer": ("callbacks", "optimizers.schedules"),
}


def buildable(where: str) -> frozenset[str]:
    """Every target that may be built at this place of the config: `loss`, `loss.fn`, `trainer.callbacks[0]`."""
    group, *inside = re.split(r"[.\[]", where, maxsplit=1)
    modules = (TAKES if inside else MAKES).get(group, ())
    return shipped_targets(group).union(*(BUILDABLE[module] for module in modules))


def check_target(path: Any, where: str, trusted: Collection[str] = ()) -> None:
    """Raises InputError unless the target `path` may be built at `where`; imports nothing.

    trusted: top-level packages of the user, whose own classes and functions may be built anywhere.
    """
    if not isinstance(path, str) or not all(part.isidentifier() for part in path.split(".")):
        raise InputError(f"{where}._target_={path!r} is not a dotted path such as my_package.MyLoss.")
    package = path.split(".")[0]
    known = buildable(where)
    if path in known or package in trusted:
        return
    own = package in ("lossexp", "keras")
    advice = "For anything else, write a module of your own and trust it" if own else f"If you trust {package}, say so"
    raise InputError(
        f"{where}._target_={path} is not on the list of what a config may build here. "
        f"{did_you_mean(path, known, cutoff=0.8) if own else ''}{advice}, on the command line or in your own primary "
        f"config: trusted_packages=[{'my_module' if own else package}]."
    )


def locate(path: Any, where: str, trusted: Collection[str] = ()) -> Any:
    """The class or function that the target `path` names, as `check_target` allows; imports its module."""
    check_target(path, where, trusted)
    if path.split(".")[0] in trusted:
        return _trusted(path, where, trusted)
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _trusted(path: str, where: str, trusted: Collection[str]) -> Any:
    """An object of a trusted package itself: not one that it imported from elsewhere."""
    found, attributes = _module(path, where)
    for name in attributes:
        try:
            found = getattr(found, name)
        except AttributeError as error:
            raise InputError(f"{where}._target_={path}: {error}.") from error
        # What has a name of its own (a module, class or function) says where it is from.
        home = found.__name__ if inspect.ismodule(found) else getattr(found, "__module__", None)
        if hasattr(found, "__name__") and str(home).split(".")[0] not in trusted:
            raise InputError(
                f"{where}._target_={path}: {name} is not defined in {path.split('.')[0]}, which is trusted, but in "
                f"{home}, which is not. Name it where it is defined, or wrap it in a function of yours."
            )
    return found


def _module(path: str, where: str) -> tuple[Any, list[str]]:
    """The longest module prefix of `path`, imported, and the rest of the path."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:cut])
        try:
            return importlib.import_module(name), parts[cut:]
        except Exception as error:
            absent = error.name if isinstance(error, ModuleNotFoundError) else None
            if absent and (name == absent or name.startswith(absent + ".")):
                continue
            raise user_error(error, f"{where}._target_={path}") or error from error
    raise InputError(
        f"{where}._target_={path}: no module named {parts[0]!r} can be imported. Is it installed, or in the "
        "folder you start from?"
    )
