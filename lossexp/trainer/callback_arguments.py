"""Arguments of Keras callbacks that Keras takes as they are and stumbles over, or trains wrongly with, epochs later."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import keras

from lossexp.errors import InputError


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


WHOLE = ("a whole number from 0 up", _whole)
# For each kind of callback, its arguments: what to give, and whether a value is that.
ARGUMENTS = {
    keras.callbacks.EarlyStopping: {
        "patience": WHOLE,
        "start_from_epoch": WHOLE,
        "baseline": ("a number, or null for none", lambda v: v is None or _number(v)),
        "restore_best_weights": ("true or false", lambda v: isinstance(v, bool)),
    },
    keras.callbacks.ReduceLROnPlateau: {
        "patience": WHOLE,
        "cooldown": WHOLE,
        "factor": ("a number between 0 and 1", lambda v: _number(v) and 0 < v < 1),
        "min_lr": ("a number from 0 up", lambda v: _number(v) and v >= 0),
    },
    keras.callbacks.LearningRateScheduler: {
        "schedule": ("a function of the epoch and the rate, as a node with its _target_ and _partial_: true", callable),
    },
}


def check_arguments(callback: keras.callbacks.Callback) -> None:
    """Raises InputError for an argument that the callback cannot work with."""
    for kind, arguments in ARGUMENTS.items():
        if not isinstance(callback, kind):
            continue
        for name, (said, holds) in arguments.items():
            value = getattr(callback, name)
            if not holds(value):
                shown = "null" if value is None else value
                raise InputError(f"trainer.callbacks: {type(callback).__name__} has {name}={shown}: give {said}.")
