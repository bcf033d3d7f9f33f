"""Settings in words: a value as the user wrote it, and what a type hint asks for."""

from __future__ import annotations

import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union

# Texts that would pass for nothing, or for a value of another kind.
NEEDS_QUOTES = re.compile(r"\s*|[-+]?[\d._]+(e[-+]?\d+)?|true|false|null|nan|inf", re.IGNORECASE)


def shown(value: Any) -> str:
    """A value as a config file writes it, shortened where it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        text = f"[{', '.join(map(shown, value))}]"
    elif isinstance(value, Mapping):
        text = f"{{{', '.join(f'{key}: {shown(entry)}' for key, entry in value.items())}}}"
    else:
        text = repr(value) if isinstance(value, str) and NEEDS_QUOTES.fullmatch(value) else str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def described(hint: Any) -> str:
    """The hint in words that complete "give ..."."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return functools.reduce(lambda said, limit: limit.words(said), arguments[1:], described(arguments[0]))
    if origin in (Union, types.UnionType):
        said = sorted((described(a) for a in arguments), key=lambda words: words == "null")
        long = any(words.startswith(("a list", "a mapping", "one of")) for words in said)
        return (", or " if long else " or ").join(said)
    if origin is Literal:
        said = [shown(a) for a in arguments]
        return " or ".join(said) if len(said) < 4 else f"one of {', '.join(said)}"
    if hint in (list, tuple, Sequence) or origin in (list, tuple, Sequence):
        return f"a list, each entry {described(arguments[0])}" if arguments else "a list"
    if hint in (dict, Mapping) or origin in (dict, Mapping):
        return f"a mapping, each value {described(arguments[1])}" if arguments else "a mapping"
    if hint is Callable or origin is Callable:
        return "a function, as a node with its _target_ and _partial_: true"
    known = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}
    if hint in (None, type(None)):
        return "null"
    kind = f", which makes a {hint.__name__}" if inspect.isclass(hint) else ""
    return known.get(hint, f"a node with its _target_{kind}")


def choices(hint: Any) -> list[str]:
    """The texts that a hint lists as choices, at any depth."""
    if typing.get_origin(hint) is Literal:
        return [a for a in typing.get_args(hint) if isinstance(a, str)]
    return [word for argument in typing.get_args(hint) for word in choices(argument)]
