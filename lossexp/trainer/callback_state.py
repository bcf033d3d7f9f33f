"""A Keras callback's state as plain data and arrays: patience counters, best values, best weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

PLAIN = (bool, int, float, str, type(None), np.floating, np.integer)
NOT_STATE = ("_model", "params")
DIRECTION = "monitor_op"


def plain(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Numbers, strings and flags of the callback, for JSON."""
    found = {
        name: value for name, value in vars(callback).items() if isinstance(value, PLAIN) and name not in NOT_STATE
    }
    found = {name: value.item() if isinstance(value, np.generic) else value for name, value in found.items()}
    return {**found, DIRECTION: getattr(callback, DIRECTION, None) is not None}


def arrays(callback: keras.callbacks.Callback) -> dict[str, np.ndarray]:
    """Lists of arrays that the callback keeps, as `<attribute>/<position>`."""
    lists = {name: value for name, value in vars(callback).items() if isinstance(value, list) and value}
    return {
        f"{name}/{i}": array
        for name, value in lists.items()
        if all(isinstance(v, np.ndarray) for v in value)
        for i, array in enumerate(value)
    }


def resume(callback: keras.callbacks.Callback, attributes: Mapping[str, Any], lists: Mapping[str, np.ndarray]) -> None:
    """Puts the state back into a callback whose training has begun."""
    attributes = dict(attributes)
    if attributes.pop(DIRECTION) and getattr(callback, DIRECTION, None) is None:
        # Keras sets the direction at the first epoch's end and turns min_delta's sign with it: once only.
        callback._set_monitor_op()
    vars(callback).update(attributes)
    for name in {key.split("/")[0] for key in lists}:
        count = sum(key.startswith(f"{name}/") for key in lists)
        setattr(callback, name, [lists[f"{name}/{i}"] for i in range(count)])
