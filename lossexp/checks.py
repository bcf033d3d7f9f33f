"""What a setting may be, said once, in its type hint: `gamma: NonNegative = 2.0`, `hidden: list[Count]`.

`checked` holds a value against a hint; `described` says the hint in words, for the message. Imports nothing
heavy, so that settings can be checked before TensorFlow is imported.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Annotated, Any, Literal, Union

from lossexp.errors import InputError


@dataclass(frozen=True)
class Interval:
    """Numbers in `low` to `high`; text: as in mathematics, `[0, inf)`, so that `[-inf, inf)` takes -inf too."""

    text: str

    def __contains__(self, value: float) -> bool:
        low, high = (float(end) for end in self.text[1:-1].split(","))
        above = value >= low if self.text[0] == "[" else value > low
        below = value <= high if self.text[-1] == "]" else value < high
        return above and below


@dataclass(frozen=True)
class Length:
    """Lists of at least `least` entries; per: what there is one of for each, for the message."""

    least: int
    per: str = ""


@dataclass(frozen=True)
class NotAllZero:
    """Lists of numbers, not all 0: weights that are would leave nothing to train on."""


Finite = Annotated[float, Interval("(-inf, inf)")]
NonNegative = Annotated[float, Interval("[0, inf)")]
Positive = Annotated[float, Interval("(0, inf)")]
Fraction = Annotated[float, Interval("[0, 1]")]
BelowOne = Annotated[float, Interval("[0, 1)")]
Between = Annotated[float, Interval("(0, 1)")]
Share = Annotated[float, Interval("(0, 1]")]
Count = Annotated[int, Interval("[1, inf)")]
FromZero = Annotated[int, Interval("[0, inf)")]
PerClass = Annotated[list[NonNegative], Length(2, "class"), NotAllZero()]


class Refused(Exception):
    """`value` (perhaps an entry of the whole, then at `place`, as `[2]`, and with a `hint` of its own) is not it."""

    def __init__(self, value: Any, place: str = "", hint: Any = None):
        super().__init__(place)
        self.value, self.place, self.hint = value, place, hint


def checked(setting: str, value: Any, hint: Any) -> Any:
    """`value` as the hint's type: an integer as a float where only floats are meant, a tuple as a list.

    A hint that is no declaration of plain data (a class, `Any`) takes everything. Raises InputError that names
    `setting`, the value and what to give.
    """
    try:
        return _held(value, hint)
    except Refused as refused:
        raise InputError(
            f"{setting}{refused.place}={shown(refused.value)}: give {described(refused.hint or hint)}."
        ) from None


def shown(value: Any) -> str:
    """A value as a config file writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value) if isinstance(value, str) and not value.strip() else str(value)


def _held(value: Any, hint: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _within(_held(value, arguments[0]), arguments[1:])
    if origin in (Union, types.UnionType):
        return _one_of(value, arguments)
    if origin is Literal:
        return _required(value, any(value is a or (type(value) is type(a) and value == a) for a in arguments))
    if origin in (list, tuple, Sequence):
        return _listed(value, arguments)
    value = value.item() if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0 else value
    if hint is float:
        return float(_required(value, isinstance(value, Real) and not isinstance(value, bool)))
    if hint is int:
        return int(_required(value, isinstance(value, Integral) and not isinstance(value, bool)))
    if hint in (None, type(None)):
        return _required(value, value is None)
    if hint in (bool, str):
        return _required(value, isinstance(value, hint))
    if hint is dict or origin in (dict, Mapping):
        return _required(value, isinstance(value, Mapping))
    return value


def _required(value: Any, holds: bool) -> Any:
    if not holds:
        raise Refused(value)
    return value


def _within(value: Any, limits: Sequence[Any]) -> Any:
    for limit in limits:
        if isinstance(limit, Interval):
            _required(value, value in limit)
        if isinstance(limit, Length):
            _required(value, len(value) >= limit.least)
        if isinstance(limit, NotAllZero):
            _required(value, any(value))
    return value


def _one_of(value: Any, hints: Sequence[Any]) -> Any:
    """The value by the first hint that takes it; an entry of a list is blamed rather than the whole list."""
    blamed = Refused(value)
    for hint in hints:
        try:
            return _held(value, hint)
        except Refused as refused:
            blamed = refused if refused.place else blamed
    raise blamed


def _listed(value: Any, arguments: Sequence[Any]) -> list:
    is_array = hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0
    value = value.tolist() if is_array else value
    _required(value, isinstance(value, list | tuple))
    entries = []
    for i, entry in enumerate(value):
        try:
            entries.append(_held(entry, arguments[0]) if arguments else entry)
        except Refused as refused:
            raise Refused(refused.value, f"[{i}]{refused.place}", refused.hint or arguments[0]) from None
    return entries


def described(hint: Any) -> str:
    """The hint in words that complete "give ..."."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _limited(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return " or ".join(sorted((described(a) for a in arguments), key=lambda words: words == "null"))
    if origin is Literal:
        return " or ".join(shown(a) for a in arguments)
    if origin in (list, tuple, Sequence):
        return f"a list, each entry {described(arguments[0])}" if arguments else "a list"
    known = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", dict: "a mapping"}
    return "null" if hint in (None, type(None)) else known.get(hint, "another value")


def _limited(kind: Any, limits: Sequence[Any]) -> str:
    said = described(kind)
    for limit in limits:
        if isinstance(limit, Interval):
            said += " that is finite" if limit.text == "(-inf, inf)" else f" in {limit.text}"
        if isinstance(limit, Length):
            said += f", one per {limit.per}" if limit.per else f", at least {limit.least} of them"
        if isinstance(limit, NotAllZero):
            said += ", not all 0"
    return said
