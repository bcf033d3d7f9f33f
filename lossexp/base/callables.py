"""Functions and classes of the user's own, also inside a `functools.partial` that gives them arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def unwrapped(fn: Callable) -> tuple[Callable, dict[str, Any]]:
    """The function inside a `functools.partial`, and the keyword arguments that it fixes; else `fn` and none."""
    return (fn.func, dict(fn.keywords)) if isinstance(fn, functools.partial) else (fn, {})


def dotted(fn: Callable) -> str:
    """Module and name, as a `_target_` names it; of an object that is called, those of its class."""
    function, _ = unwrapped(fn)
    return f"{function.__module__}.{getattr(function, '__qualname__', type(function).__qualname__)}"
