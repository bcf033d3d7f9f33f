"""What a setting may be, said once, in its type hint: `gamma: NonNegative = 2.0`, `hidden: list[Count]`.

`checked` holds a value against a hint. Imports nothing heavy, so that settings can be checked before TensorFlow is
imported. A limit, such as `Interval`, contains the values that it allows, and adds its words to those of its type.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from lossexp.base.errors import InputError, did_you_mean
from lossexp.base.wording import choices, described, shown


@dataclass(frozen=True)
class Interval:
    """Numbers in `low` to `high`; text: as in mathematics, `[0, inf)`, so that only `inf]` takes infinity."""

    text: str

    def __contains__(self, value: float) -> bool:
        low, high = (float(end) for end in self.text[1:-1].split(","))
        above = value >= low if self.text[0] == "[" else value > low
        return above and (value <= high if self.text[-1] == "]" else value < high)

    def words(self, said: str) -> str:
        if said == "a whole number" and self.text.endswith(", inf)"):
            return f"{said} of at least {self.text[1:].partition(',')[0]}"
        return said + (" that is finite" if self.text == "(-inf, inf)" else f" in {self.text}")


@dataclass(frozen=True)
class Length:
    """Lists of at least `least` entries, or texts that are not blank; per: what there is one entry for each of."""

    least: int
    per: str = ""

    def __contains__(self, value: Sequence) -> bool:
        return len(value.strip() if isinstance(value, str) else value) >= self.least

    def words(self, said: str) -> str:
        if said == "a text":
            return "a text that is not blank"
        return f"{said}, one per {self.per}" if self.per else said.replace("a list", f"a list of {self.least} or more")


@dataclass(frozen=True)
class Distinct:
    """Lists of which no two entries are alike, as text."""

    def __contains__(self, value: Sequence) -> bool:
        return len({str(entry) for entry in value}) == len(value)

    def words(self, said: str) -> str:
        return f"{said}, no two alike"


@dataclass(frozen=True)
class Ascending:
    """Lists of numbers of which none is below the one before."""

    def __contains__(self, value: Sequence) -> bool:
        return list(value) == sorted(value)

    def words(self, said: str) -> str:
        return f"{said}, in ascending order"


@dataclass(frozen=True)
class NotAllZero:
    """Lists of numbers, or mappings to them, of which one at least is not 0."""

    def __contains__(self, value: Sequence | Mapping) -> bool:
        return any(value.values() if isinstance(value, Mapping) else value)

    def words(self, said: str) -> str:
        return f"{said}, not all of them 0"


Finite = Annotated[float, Interval("(-inf, inf)")]
NonNegative = Annotated[float, Interval("[0, inf)")]
Positive = Annotated[float, Interval("(0, inf)")]
Limit = Annotated[float, Interval("[0, inf]")]
Fraction = Annotated[float, Interval("[0, 1]")]
BelowOne = Annotated[float, Interval("[0, 1)")]
Between = Annotated[float, Interval("(0, 1)")]
Share = Annotated[float, Interval("(0, 1]")]
Count = Annotated[int, Interval("[1, inf)")]
FromZero = Annotated[int, Interval("[0, inf)")]
Name = Annotated[str, Length(1)]
Place = Name | Path
# Where labels of each class move to: a matrix, a file of one, or `{old: {new: probability}}`.
ClassMoves = Annotated[list[list[Fraction]], Length(2, "class")] | Name | dict[int | str, dict[int | str, Fraction]]
PerClass = Annotated[list[NonNegative], Length(2, "class"), NotAllZero()]


class Refused(Exception):
    """`value` (perhaps an entry of the whole, at `place`, such as `[2]`) is not what `hint` says."""

    def __init__(self, value: Any, hint: Any, place: str = ""):
        super().__init__(place)
        self.value, self.hint, self.place = value, hint, place


def checked(setting: str, value: Any, hint: Any) -> Any:
    """`value` as the hint's type: an integer as a float where only floats are meant, a tuple as a list.

    Raises InputError that names `setting`, the value and what to give.
    """
    try:
        return _held(value, hint)
    except Refused as refused:
        meant = did_you_mean(refused.value, choices(hint)) if isinstance(refused.value, str) else ""
        size = "" if _fits(refused.value) else " that fits 64 bits"
        said = f"{setting}{refused.place}={shown(refused.value)}: give {described(refused.hint)}{size}. {meant}"
        if isinstance(refused.value, bool | int | float) and _takes(refused.hint, shown(refused.value)):
            said += (
                f"In quotes it is a text: '{shown(refused.value)}', on the command line \"'{shown(refused.value)}'\"."
            )
        raise InputError(said.strip()) from None


def _takes(hint: Any, value: Any) -> bool:
    try:
        _held(value, hint)
    except Refused:
        return False
    return True


def settings(group: str) -> Callable:
    """Decorator: whoever calls the function, its arguments are held against their hints, as `group.name`."""

    def decorate(function: Callable) -> Callable:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            hints = typing.get_type_hints(function, include_extras=True)
            for name in set(bound.arguments) & set(hints):
                bound.arguments[name] = checked(f"{group}.{name}", bound.arguments[name], hints[name])
            return function(*bound.args, **bound.kwargs)

        return call

    return decorate


def check_fields(instance: Any, group: str) -> None:
    """Holds a dataclass's fields against their hints, as `group.name`, and sets them to what `checked` gives."""
    hints = typing.get_type_hints(type(instance), include_extras=True)
    for field in fields(instance):
        value = getattr(instance, field.name)
        value = checked(f"{group}.{field.name}", value, hints[field.name])
        object.__setattr__(instance, field.name, value)  # as a frozen dataclass does itself


def _held(value: Any, hint: Any) -> Any:
    try:
        return _as(value, hint)
    except Refused as refused:
        # Of what stands at no further place the outermost hint says most.
        raise refused if refused.place else Refused(value, hint) from None


def _as(value: Any, hint: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        held = _held(value, arguments[0])
        return _required(held, all(held in limit for limit in arguments[1:]))
    if origin in (Union, types.UnionType):
        return _one_of(value, arguments)
    if origin is Literal:
        return _required(value, any(value is a or (type(value) is type(a) and value == a) for a in arguments))
    if hint in (list, tuple, Sequence) or origin in (list, tuple, Sequence):
        return _listed(value, arguments, tuple if tuple in (hint, origin) else list)
    if hint in (dict, Mapping) or origin in (dict, Mapping):
        return _mapped(_required(value, isinstance(value, Mapping)), arguments)
    if hint is Callable or origin is Callable:
        return _required(value, callable(value))
    value = value.item() if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0 else value
    if hint in (int, float):
        number = Integral if hint is int else Real
        return hint(_required(value, isinstance(value, number) and not isinstance(value, bool) and _fits(value)))
    if hint in (None, type(None)):
        return _required(value, value is None)
    return _required(value, isinstance(value, hint)) if isinstance(hint, type) and hint is not Any else value


def _required(value: Any, holds: bool) -> Any:
    if not holds:
        raise Refused(value, None)
    return value


def _fits(value: Any) -> bool:
    """Whether 64 bits hold it; Python's own whole numbers know no limit."""
    return not isinstance(value, Integral) or -(2**63) <= value < 2**63


def _one_of(value: Any, hints: Sequence[Any]) -> Any:
    """The value by the first hint that takes it; an entry of a list is blamed rather than the whole list."""
    blamed = Refused(value, None)
    for hint in hints:
        try:
            return _held(value, hint)
        except Refused as refused:
            blamed = refused if refused.place else blamed
    raise blamed


def _listed(value: Any, hints: Sequence[Any], kind: type = list) -> list | tuple:
    is_array = hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0
    value = value.tolist() if is_array else value
    _required(value, isinstance(value, list | tuple))
    return kind(_entry(entry, hints[0], f"[{i}]") for i, entry in enumerate(value)) if hints else kind(value)


def _mapped(value: Mapping, hints: Sequence[Any]) -> dict:
    return {key: _entry(entry, hints[1], f".{key}") for key, entry in value.items()} if hints else dict(value)


def _entry(value: Any, hint: Any, place: str) -> Any:
    try:
        return _held(value, hint)
    except Refused as refused:
        raise Refused(refused.value, refused.hint, f"{place}{refused.place}") from None
