"""Words for settings that Hydra and OmegaConf refuse: overrides, keys, interpolations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hydra.errors import ConfigCompositionException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    GrammarParseError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)

from lossexp.base.errors import did_you_mean
from lossexp.config.messages.by_kind import local, words

Interpolation = InterpolationResolutionError | UnsupportedInterpolationType | GrammarParseError


@words.register
def _(error: ConfigCompositionException) -> str | None:
    several = re.match(r"(?:Ambiguous value for argument|Sweep parameters) '(.+?)'( |$)", str(error), re.MULTILINE)
    return several and (
        f"{several[1]} has several values. Give -m as well for a run with each of them; a list stands in brackets, "
        "[first,second], and a text with a comma in quotes."
    )


@words.register
def _(error: OverrideParseException) -> str:
    key, equals, value = error.override.partition("=")
    if not equals:
        return f"{error.override!r} is no setting. Settings are given as SETTING=VALUE, as in loss=focal."
    if value[:1] in "[{" or "${" in value:
        return (
            f"{error.override} cannot be read. Close each bracket, and put each text that holds more than letters and "
            f"digits in quotes: \"{key}=['first text','second text']\""
        )
    inside = value.strip("'\"").replace("'", "\\'")
    return (
        f"{error.override} cannot be read: a value with characters such as = # ; ( ) or é stands in quotes, which the "
        f"shell must leave to it: \"{key}='{inside}'\""
    )


@words.register
def _(error: ConfigKeyError | ConfigAttributeError) -> str | None:
    if not error.full_key or not isinstance(error.parent_node, DictConfig):
        return None
    keys = [str(key) for key in error.parent_node if key not in ("hydra", "_target_")]
    known = ", ".join(keys) or "this option has none"
    return f"There is no setting {error.full_key!r}. {did_you_mean(str(error.key), keys)}Settings: {known}."


@words.register
def _(error: Interpolation) -> str | None:
    if (
        error.msg is None and local(error, "cfg") is None
    ):  # OmegaConf's own half, of which the error that follows from it says where
        return None
    message = str(error).splitlines()[0]
    if isinstance(error, GrammarParseError):
        message = f"this interpolation cannot be read ({message})"
    named = re.search(r"'([\w.]+)' (?:not )?found", message) or re.search(r"type (\S+)", message)
    node = local(error, "cfg") if error.parent_node is None else error.parent_node  # the former with --resolve
    holders = _holding(node, named[1]) if named else []
    where = ", ".join(holders) or error.full_key or "a config file"
    return (
        f"{where}: {message}. An interpolation names another setting, as in ${{seed}} or ${{trainer.epochs}}, or a "
        "variable of the environment, as in ${oc.env:HOME}."
    )


def _holding(node: Any, name: str) -> list[str]:
    """The settings whose text holds an interpolation of `name`, as `key=text`."""
    root = node._get_root() if node is not None else None
    plain = OmegaConf.to_container(root, resolve=False) if OmegaConf.is_config(root) else {}
    plain.pop("hydra", None)  # repeats the command line
    return list(_texts(plain, name))


def _texts(node: Any, name: str, key: str = "") -> Iterator[str]:
    if isinstance(node, dict | list):
        for inner, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _texts(value, name, f"{key}.{inner}" if key else str(inner))
    elif isinstance(node, str) and "${" in node and name in node:
        yield f"{key}={node}"


@words.register
def _(error: OmegaConfBaseException) -> str | None:
    return error.msg and f"{error.full_key or 'the config'}: {str(error).splitlines()[0]}."


@words.register
def _(error: ValueError) -> str | None:
    override = local(error, "override")  # Hydra's, while it reads the options of groups
    if not str(error).startswith("Config group override must be") or override is None:
        return None
    return f"{override.input_line}: a group needs an option by its name. Leave it out for its default."
