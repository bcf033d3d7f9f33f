"""From a composed config to objects: the allowlist, integer-to-float coercion, and clear errors."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from lossexp.config.targets import locate
from lossexp.errors import InputError, did_you_mean

SPECIAL = ("_target_", "_partial_")


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
    if isinstance(cause, InputError):  # of a parameter that a class names `Focal.gamma` and the user `loss.gamma`
        kind = node["_target_"].rpartition(".")[2]
        return InputError(re.sub(rf"^{kind}\.(?=\w+\b.*=)", f"{where}.", str(cause)))
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
    _check_keys(node, where)
    node = {key: _prepare(value, f"{where}.{key}", trusted) for key, value in node.items()}
    if "_target_" not in node:
        return node
    if node["_target_"] == "???":
        raise InputError(f"{where}._target_ has no value yet. Name what to build: {where}._target_=my_package.my_loss")
    target = locate(node["_target_"], where, trusted)
    _check_arguments(target, node, where)
    floats = float_parameters(target)
    return {key: _as_float(value, f"{where}.{key}") if key in floats else value for key, value in node.items()}


def _check_keys(node: Mapping, where: str) -> None:
    """Refuses keys that are no words, and keys by which Hydra or Keras would build or call something else."""
    for key in node:
        if not isinstance(key, str):
            raise InputError(
                f"{where} has the key {key!r}, which is not a word. YAML reads a bare on, off, yes or no as true or "
                "false: write it in quotes."
            )
        if key.startswith("_") and key.endswith("_") and key not in SPECIAL:
            raise InputError(
                f"{where}.{key}: a config may use {' and '.join(SPECIAL)} only. Name arguments by keyword."
            )
    if "class_name" in node:
        raise InputError(
            f"{where}.class_name={node['class_name']}: Keras would build any class from this. Name the class by "
            f"{where}._target_ and its arguments beside it."
        )


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
