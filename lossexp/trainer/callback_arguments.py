"""Arguments of Keras callbacks that Keras takes as they are and stumbles over, or trains wrongly with, epochs later."""

from __future__ import annotations

import keras

from lossexp.base.checks import checked
from lossexp.base.keras_settings import HINTS

ARGUMENTS = {
    keras.callbacks.EarlyStopping: ("patience", "start_from_epoch", "baseline", "restore_best_weights"),
    keras.callbacks.ReduceLROnPlateau: ("patience", "cooldown", "factor", "min_lr"),
    keras.callbacks.LearningRateScheduler: ("schedule",),
}


def check_arguments(callback: keras.callbacks.Callback) -> None:
    """Raises InputError for an argument that the callback cannot work with, as its attributes tell."""
    for kind, names in ARGUMENTS.items():
        for name in names if isinstance(callback, kind) else ():
            where = f"trainer.callbacks: {type(callback).__name__} has {name}"
            checked(where, getattr(callback, name), HINTS["callbacks"][name])
