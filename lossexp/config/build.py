"""From a composed config to objects: the allowlist, integer-to-float coercion, and clear errors."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from lossexp.base.blame import WORKER_IS_GONE, user_error, users_place
from lossexp.base.errors import InputError
from lossexp.base.wording import shown
from lossexp.config.messages.by_kind import local
from lossexp.config.targets import locate
from lossexp.config.values import SPECIAL, check_names, check_node, plain

# How TensorFlow says so; some of its errors cannot be made anew by Keras, which then complains of that.
TOO_LARGE = re.compile(r"OOM|ResourceExhausted|2\*\*63|allocate|MemoryError")
CUSTOM = ("dataset", "loss", "model")  # groups with an option `custom`, for what a user has written
COLOURS = re.compile(r"\x1b\[\d*m")


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
        told = _explained(error, prepared, where)
        raise told from (None if told is error.__cause__ else error)


def prepare(node: Any, where: str, trusted: Collection[str] = ()) -> Any:
    """What `build` builds from: `node` as plain data, targets checked, numbers of their parameters' types."""
    node = plain(node)
    check_node(node, where, trusted)
    return _prepare(node, where, trusted)


def _explained(error: InstantiationException, node: Any, where: str) -> Exception:
    cause = error.__cause__
    inner = plain(local(error, "node"))  # Hydra's, which it was building
    where, node = next((found for found in _nodes(node, where) if found[1] == inner), (where, node))
    if cause and users_place(cause, called=True):
        return user_error(cause, f"{where}={node['_target_']}") or cause
    if isinstance(cause, InputError):  # of a parameter that a class names `Focal.gamma` and the user `loss.gamma`
        kind = node["_target_"].rpartition(".")[2]
        return InputError(re.sub(rf"^{kind}\.(?=\w+\b.*=)", f"{where}.", str(cause)))
    if cause is None:
        return InputError(f"{where}._target_={node['_target_']}: {str(error).splitlines()[0]}.")
    if isinstance(cause, OSError) or WORKER_IS_GONE in str(cause):  # of a disk or a network, not of the arguments
        return cause
    given = ", ".join(f"{where}.{key}={shown(value)}" for key, value in node.items() if key not in SPECIAL)
    reason = COLOURS.sub("", str(cause) or type(cause).__name__)
    reason = "that takes more memory than there is." if TOO_LARGE.search(reason) else reason
    return InputError(f"{where}: {node['_target_']} refused its arguments ({given or 'none'}): {reason}")


def _nodes(node: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every list and mapping in `node`, itself too, each with its place in the config."""
    inside = {f"{where}[{i}]": entry for i, entry in enumerate(node)} if isinstance(node, list) else {}
    inside = {f"{where}.{key}": entry for key, entry in node.items()} if isinstance(node, Mapping) else inside
    yield where, node
    for place, entry in inside.items():
        yield from _nodes(entry, place)


def _prepare(node: Any, where: str, trusted: Collection[str]) -> Any:
    """A copy of `node` in which every target is allowed and every number has its parameter's type."""
    if isinstance(node, list):
        return [_prepare(item, f"{where}[{i}]", trusted) for i, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    node = {key: _prepare(value, f"{where}.{key}", trusted) for key, value in node.items()}
    if "_target_" not in node:
        return node
    target = locate(node["_target_"], where, trusted)
    if node["_target_"].split(".")[0] in trusted:
        _check_arguments(target, node, where)
    floats = float_parameters(target)
    return {key: _as_float(value, f"{where}.{key}") if key in floats else value for key, value in node.items()}


def _check_arguments(target: Any, node: Mapping, where: str) -> None:
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    try:
        check_names(node, where, parameters)
    except InputError as error:
        if where not in CUSTOM:
            raise
        raise InputError(
            f"{error} If the key is of the option that {where} had before, give {where}=custom "
            f"{where}.fn._target_={node['_target_']}, which has no keys of its own."
        ) from None


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
