"""A Keras callback's state as plain data and arrays: patience counters, best values and weights, a user's own lists."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np

from lossexp.base.variables import is_own, variables_of

PLAIN = (bool, int, float, str, type(None), np.floating, np.integer)
# What belongs to the process and not to the training: TensorBoard's flags tell of a trace that died with it.
NOT_STATE = ("_model", "params", "_is_tracing", "_profiler_started")
DIRECTION = "monitor_op"


def plain(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Numbers, strings and flags of the callback, for JSON; of a user's own, lists and dictionaries of them too."""
    whole = not _is_keras_own(callback)
    found = {
        name: _as_json(value) for name, value in _state(callback).items() if _is_json(value) and (whole or _flat(value))
    }
    return {**found, DIRECTION: getattr(callback, DIRECTION, None) is not None}


def arrays(callback: keras.callbacks.Callback) -> dict[str, np.ndarray]:
    """Arrays that the callback keeps, as `<attribute>`, and lists of them, as `<attribute>/<position>`."""
    found = {}
    for name, value in _state(callback).items():
        if _is_array(value):
            found[name] = value
        elif _are_arrays(value):
            found |= {f"{name}/{i}": array for i, array in enumerate(value)}
    return found


def unsaved(callback: keras.callbacks.Callback) -> set[str]:
    """Names of a user's own collections and objects that no checkpoint can hold."""
    if _is_keras_own(callback):
        return set()
    return {
        name
        for name, value in _state(callback).items()
        if _may_change(value)
        and not (_is_json(value) or _are_arrays(value) or variables_of(value))  # variables are kept with the others
    }


def resume(callback: keras.callbacks.Callback, attributes: Mapping[str, Any], saved: Mapping[str, np.ndarray]) -> None:
    """Puts the state back into a callback whose training has begun."""
    attributes = dict(attributes)
    if attributes.pop(DIRECTION) and getattr(callback, DIRECTION, None) is None:
        # Keras sets the direction at the first epoch's end and turns min_delta's sign with it: once only.
        callback._set_monitor_op()
    vars(callback).update(attributes)
    for name in {key.split("/")[0] for key in saved}:
        count = sum(key.startswith(f"{name}/") for key in saved)
        setattr(callback, name, [saved[f"{name}/{i}"] for i in range(count)] if count else saved[name])


def _state(callback: keras.callbacks.Callback) -> dict[str, Any]:
    return {name: value for name, value in vars(callback).items() if name not in NOT_STATE}


def _is_keras_own(callback: keras.callbacks.Callback) -> bool:
    """Keras's own keep summary writers and the like in their collections, and their state in numbers."""
    return type(callback).__module__.split(".")[0] == "keras"


def _may_change(value: Any) -> bool:
    """Whether it is a collection, or an object of the user's, with something in it."""
    if isinstance(value, list | tuple | dict | set | deque):
        return bool(value)
    return bool(getattr(value, "__dict__", None)) and (isinstance(value, SimpleNamespace) or is_own(type(value)))


def _flat(value: Any) -> bool:
    return isinstance(value, PLAIN)


def _is_json(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_is_json, value.values()))
    return _flat(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(v) for v in value]
    if isinstance(value, dict):
        return {key: _as_json(v) for key, v in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype != object


def _are_arrays(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_array, value))
