"""The loss inside an adapter: its name, its arguments, and what Keras itself would do with it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

import keras

from lossexp.base import callables
from lossexp.base.blame import defined
from lossexp.base.errors import InputError


def unwrapped(fn: Callable) -> tuple[Callable, dict]:
    """As `callables.unwrapped`. Raises ValueError for a `functools.partial` that fixes arguments by their position."""
    if isinstance(fn, functools.partial) and fn.args:
        raise ValueError("a partial loss function must fix its arguments by keyword.")
    return callables.unwrapped(fn)


def check_is_loss(fn: Callable, name: str) -> None:
    """Raises InputError for what is no loss, and for a Keras loss whose `__call__`, which is not used, is its own."""
    function, _ = unwrapped(fn)
    if inspect.isclass(function):
        raise InputError(f"{name}: fn is the class {function.__name__}; give an instance of it.")
    if not callable(function):
        raise InputError(f"fn={function!r} is no loss. Give a keras.losses.Loss or a function f(y_true, y_pred).")
    if isinstance(fn, keras.losses.Loss):
        _check_class(fn)
    _check_takes_two(fn)


def _check_class(loss: keras.losses.Loss) -> None:
    kind = type(loss)
    if not kind.__call__.__module__.startswith(("keras.", "lossexp.")):
        raise InputError(
            f"fn={kind.__name__} has its own __call__, which would not be used: values per example come from `call`. "
            "Put what it does there, or derive the class from lossexp.losses.Loss, which is called as it is."
        )
    if kind.call is keras.losses.Loss.call:
        raise InputError(
            f"loss.fn={defined(kind)} has no method call(self, y_true, y_pred), which returns one value per example."
        )
    if not hasattr(loss, "reduction"):
        raise InputError(f"loss.fn={defined(kind)}: its __init__ does not begin with super().__init__().")


def _check_takes_two(fn: Callable) -> None:
    """Raises InputError unless labels and outputs can be given, and nothing else has to be."""
    call = fn.call if isinstance(fn, keras.losses.Loss) else fn
    try:
        parameters = inspect.signature(call)
    except ValueError:  # of a function that is not Python's
        return
    try:
        parameters.bind(None, None)
    except TypeError:
        where = f"loss.fn={defined(unwrapped(call)[0])}"
        raise InputError(
            f"{where} takes {parameters}, and a loss is called with (y_true, y_pred). {factory_advice(fn)}"
        ) from None


def check_returned(value: object, fn: Callable, name: str) -> None:
    """Raises InputError where a call has returned nothing, or another function."""
    if value is None:
        raise InputError(f"loss.fn={name} returned nothing. End it with `return` and one value per example, [batch].")
    if callable(value):
        what = f"the function {getattr(value, '__qualname__', value)}"
        raise InputError(f"loss.fn={name} returned {what}, not values. {factory_advice(fn)}")


def factory_advice(fn: Callable) -> str:
    """What to write for a function that returns the loss, or for what else is no loss."""
    function, _ = unwrapped(fn)
    if not inspect.isfunction(function):
        return "Write it as def call(self, y_true, y_pred), which returns one value per example."
    parameters = inspect.signature(fn).parameters.values()
    values = {p.name: "..." if p.default is p.empty else p.default for p in parameters}
    arguments = "".join(f" +loss.fn.{name}={value}" for name, value in values.items())
    return (
        "If it returns the loss, it is a factory, which is called first, with arguments of its own: loss=custom "
        f"loss.fn._target_={callables.dotted(function)}{arguments}"
    )


def arguments_of(fn: Callable) -> dict:
    """Constructor arguments of a Keras loss; its own get_config forgets some (Huber's delta, Keras 3.15)."""
    kept = getattr(fn, "_fn_kwargs", {})
    return {k: v for k, v in kept.items() if k in inspect.signature(type(fn).__init__).parameters}


def name_of(fn: Callable) -> str:
    function, _ = unwrapped(fn)
    name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
    return name.strip("<>")  # "<lambda>" cannot name a scope of TensorFlow's
