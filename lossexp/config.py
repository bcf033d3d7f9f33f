"""From a composed config to objects: the allowlist, integer-to-float coercion, and clear errors."""

from __future__ import annotations

import importlib
import inspect
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from lossexp.errors import InputError, did_you_mean

OWN_ROOMS = ("datasets", "models", "losses", "trainer", "tracking")
KERAS_MODULES = ("losses", "optimizers", "callbacks", "layers", "initializers", "regularizers")
# Keras layers that run code or graphs given to them, which a config file must not bring along.
REFUSED_NAMES = ("get", "serialize", "deserialize")  # a second way to build anything
REFUSED = ("keras.layers.Lambda", "keras.layers.TFSMLayer", "keras.layers.TorchModuleWrapper")


def build(node: Any, where: str, trusted: Collection[str] = (), **extra: Any) -> Any:
    """Builds the object that `node` describes; the only call of Hydra's `instantiate`.

    node: a config with `_target_`. where: its place in the config, for messages. trusted: top-level
    packages that the user trusts beside lossexp and Keras. extra: arguments the config does not hold.
    Lists and mappings arrive as plain Python, and integers as floats where the signature says float.

    Raises InputError for a target outside the allowlist, a wrong argument, or a value that the
    constructor refuses.
    """
    prepared = prepare(node, where, trusted)
    try:
        return instantiate(prepared, _convert_="all", **extra)
    except InstantiationException as error:
        raise _explained(error, prepared, where) from error


def prepare(node: Any, where: str, trusted: Collection[str] = ()) -> Any:
    """What `build` builds from: `node` as plain data, targets checked, numbers of their parameters' types."""
    plain = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    return _prepare(plain, where, trusted)


def _explained(error: InstantiationException, node: Mapping, where: str) -> Exception:
    cause = error.__cause__
    if isinstance(cause, InputError):
        return cause
    if isinstance(cause, TypeError | ValueError):
        return InputError(f"{where}: {node['_target_']} refused its arguments: {cause}")
    return cause if isinstance(cause, Exception) else error


def _prepare(node: Any, where: str, trusted: Collection[str]) -> Any:
    """A copy of `node` in which every target is allowed and every number has its parameter's type."""
    if isinstance(node, str) and "${" in node:
        # Everything is resolved by now: Hydra would resolve it once more, into targets that nobody checked.
        raise InputError(f"{where}={node!r} holds an escaped interpolation, which is not allowed in what is built.")
    if isinstance(node, list):
        return [_prepare(item, f"{where}[{i}]", trusted) for i, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    for key in node:
        if not isinstance(key, str):
            raise InputError(
                f"{where} has the key {key!r}, which is not a word. YAML reads a bare on, off, yes or no as true or "
                "false: write it in quotes."
            )
    node = {key: _prepare(value, f"{where}.{key}", trusted) for key, value in node.items()}
    if "_target_" not in node:
        return node
    if node["_target_"] == "???":
        raise InputError(f"{where}._target_ has no value yet. Name what to build: {where}._target_=my_package.my_loss")
    target = locate(node["_target_"], where, trusted)
    _check_arguments(target, node, where)
    floats = float_parameters(target)
    return {key: _as_float(value, f"{where}.{key}") if key in floats else value for key, value in node.items()}


def _check_arguments(target: Any, node: Mapping, where: str) -> None:
    """Refuses arguments that the target does not take, and `???` left unfilled."""
    for key, value in node.items():
        if value == "???":
            raise InputError(f"{where}.{key} has no value yet. Set it on the command line: {where}.{key}=...")
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    for key in node:
        if key not in parameters and not (key.startswith("_") and key.endswith("_")):
            hint = did_you_mean(key, parameters, cutoff=0.6).strip() or f"It takes: {', '.join(parameters)}."
            raise InputError(f"{where}.{key}: {node['_target_']} takes no argument {key!r}. {hint}")


def _as_float(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return [_as_float(item, where) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


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


def float_parameters(target: Any) -> set[str]:
    """Names of the parameters that `target` declares as floats, by annotation or by default value."""
    try:
        parameters = inspect.signature(target).parameters.values()
        hints = typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except (TypeError, ValueError, NameError):
        return set()
    return {p.name for p in parameters if _has_float(hints.get(p.name)) or type(p.default) is float}


def _has_float(hint: Any) -> bool:
    if hint is float:
        return True
    if isinstance(hint, types.GenericAlias | types.UnionType) or typing.get_origin(hint):
        arguments = typing.get_args(hint)
        return any(_has_float(a) for a in arguments) and int not in arguments
    return False
