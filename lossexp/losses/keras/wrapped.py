"""The loss inside an adapter: its name, its arguments, and what Keras itself would do with it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

import keras

from lossexp.base.errors import InputError


def unwrapped(fn: Callable) -> tuple[Callable, dict]:
    """The function inside a `functools.partial`, and the keyword arguments it fixes."""
    if not isinstance(fn, functools.partial):
        return fn, {}
    if fn.args:
        raise ValueError("a partial loss function must fix its arguments by keyword.")
    return fn.func, dict(fn.keywords)


def check_is_loss(fn: Callable, name: str) -> None:
    """Raises InputError for what is no loss, and for a Keras loss whose `__call__`, which is not used, is its own."""
    function, _ = unwrapped(fn)
    if inspect.isclass(function):
        raise InputError(f"{name}: fn is the class {function.__name__}; give an instance of it.")
    if not callable(function):
        raise InputError(f"fn={function!r} is no loss. Give a keras.losses.Loss or a function f(y_true, y_pred).")
    if not isinstance(fn, keras.losses.Loss) or type(fn).__call__.__module__.startswith(("keras.", "lossexp.")):
        return
    raise InputError(
        f"fn={type(fn).__name__} has its own __call__, which would not be used: values per example come from `call`. "
        "Put what it does there, or derive the class from lossexp.losses.Loss, which is called as it is."
    )


def arguments_of(fn: Callable) -> dict:
    """Constructor arguments of a Keras loss; its own get_config forgets some (Huber's delta, Keras 3.15)."""
    kept = getattr(fn, "_fn_kwargs", {})
    return {k: v for k, v in kept.items() if k in inspect.signature(type(fn).__init__).parameters}


def name_of(fn: Callable) -> str:
    function, _ = unwrapped(fn)
    name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
    return name.strip("<>")  # "<lambda>" cannot name a scope of TensorFlow's
