"""Arguments of Keras callbacks that Keras takes as they are and stumbles over, or trains wrongly with, epochs later."""

from __future__ import annotations

import keras
import numpy as np

from lossexp.trainer.allowed import BETWEEN, FROM_ZERO, SWITCH, Allowed, is_number, whole

WHOLE = whole(0, "a whole number from 0 up")
NUMBER = Allowed("a number, or null for none", lambda v: v is None or is_number(v))
FUNCTION = Allowed("a function of the epoch and the rate, as a node with its _target_ and _partial_: true", callable)
ARGUMENTS = {
    keras.callbacks.EarlyStopping: {
        "patience": WHOLE,
        "start_from_epoch": WHOLE,
        "baseline": NUMBER,
        "restore_best_weights": SWITCH,
    },
    keras.callbacks.ReduceLROnPlateau: {
        "patience": WHOLE,
        "cooldown": WHOLE,
        "factor": BETWEEN,
        "min_lr": FROM_ZERO,
    },
    keras.callbacks.LearningRateScheduler: {"schedule": FUNCTION},
}


def check_arguments(callback: keras.callbacks.Callback) -> None:
    """Raises InputError for an argument that the callback cannot work with."""
    for kind, arguments in ARGUMENTS.items():
        if not isinstance(callback, kind):
            continue
        for name, allowed in arguments.items():
            value = getattr(callback, name)
            value = value.item() if isinstance(value, np.number) else value
            allowed.check(f"trainer.callbacks: {type(callback).__name__} has {name}", value)
