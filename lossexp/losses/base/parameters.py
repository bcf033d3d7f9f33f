"""Parameters declared once, as the typed fields of a class: constructor, checks and config follow from them."""

from __future__ import annotations

import inspect
import typing
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from lossexp.base.checks import checked
from lossexp.losses.base.arguments import plain


@typing.dataclass_transform(kw_only_default=True, eq_default=False)
class Declared:
    """Every subclass is a dataclass of keyword-only fields, which are checked against their hints.

    `gamma: NonNegative = 2.0` declares a parameter (`lossexp.base.checks` has the hints). Parameters are inherited;
    `gamma = 3.0` changes a default, and `gamma: ClassVar[float] = 3.0` makes it no parameter any more. What
    parameters must be together goes into `__post_init__`, after `super().__post_init__()`. A subclass may have
    an `__init__` of its own instead.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        inherited = {f.name: f.type for base in cls.__mro__[:0:-1] if is_dataclass(base) for f in fields(base)}
        defaults = {name: hint for name, hint in inherited.items() if name in vars(cls)}
        try:  # read here and not when needed: a subclass's module need not know the names in them
            own = inspect.get_annotations(cls, eval_str=True)
        except NameError:  # names for type checkers only: nothing is checked
            own = inspect.get_annotations(cls)
        cls.__annotations__ = defaults | own
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    def __new__(cls, *args, **kwargs):
        new = super().__new__(cls)
        new._given = args, kwargs
        return new

    def __post_init__(self):
        for field in fields(self):
            if field.name in vars(self):
                value = plain(vars(self)[field.name])
                setattr(self, field.name, checked(f"{type(self).__name__}.{field.name}", value, field.type))
        held = {field.name: vars(self)[field.name] for field in fields(self) if field.name in vars(self)}
        given = {name: value for name, value in self._arguments().items() if name in held}
        self._as_given = {n for n, value in given.items() if value is held[n] or plain(value) == held[n]}

    def parameters(self) -> dict[str, Any]:
        """Every parameter's value: what the constructor got, or what its attribute has become since.

        An `__init__` that makes another value of an argument gets the argument again, and not that value. Of an
        `__init__(self, ..., **kwargs)` only what was given counts, since it may fix the others.
        """
        given = self._arguments()
        return {name: vars(self)[name] if name in self._as_given else value for name, value in given.items()}

    def _arguments(self) -> dict[str, Any]:
        """What the constructor got, with its defaults."""
        args, kwargs = self._given
        bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        bound.apply_defaults()
        given: dict[str, Any] = {}
        for parameter in list(bound.signature.parameters.values())[1:]:
            value = bound.arguments[parameter.name]
            if parameter.kind is not parameter.VAR_POSITIONAL:
                given |= value if parameter.kind is parameter.VAR_KEYWORD else {parameter.name: value}
        return given
