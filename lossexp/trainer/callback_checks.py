"""Keras callbacks that cannot work: what Keras stumbles over epochs later, said before training or with their name."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from lossexp.base.blame import defined, user_error
from lossexp.base.checks import checked
from lossexp.base.errors import InputError
from lossexp.base.keras_settings import HINTS
from lossexp.trainer.loss_scale import unscaled

SETTING_THE_RATE = (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler)
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


def check_hooks(callback: keras.callbacks.Callback) -> None:
    """Raises InputError for a hook of the user's own that cannot be called as Keras calls it."""
    for name, method in inspect.getmembers(keras.callbacks.Callback, inspect.isfunction):
        hook = getattr(callback, name)
        if not name.startswith("on_") or getattr(hook, "__func__", None) is method:
            continue
        *counted, logs = list(inspect.signature(method).parameters)[1:]
        by_position, by_name = (counted, {logs: None}) if "batch" in name else ([*counted, logs], {})
        try:
            inspect.signature(hook).bind(*by_position, **by_name)
        except TypeError:
            called = ", ".join([*counted, logs])
            raise InputError(
                f"trainer.callbacks: {defined(hook)} takes {inspect.signature(hook)}, and Keras calls it with "
                f"({called}). Write it as def {name}(self, {called}=None)."
            ) from None


def check_rate(callbacks: Sequence[keras.callbacks.Callback], optimizer: keras.optimizers.Optimizer) -> None:
    """Raises InputError where a callback sets the learning rate but a schedule decides it."""
    if isinstance(unscaled(optimizer)._learning_rate, keras.Variable):
        return
    for callback in callbacks:
        if isinstance(callback, SETTING_THE_RATE):
            raise InputError(
                f"trainer.callbacks: {type(callback).__name__} sets the learning rate, which the optimizer's schedule "
                "decides already. Use schedule=constant, or leave the callback out."
            )


@contextmanager
def naming_callbacks() -> Iterator[None]:
    """A block that trains: an error of a callback that is on no line of the user's becomes an InputError that names it.

    Where it is on such a line, that is named later, and says more.
    """
    filtered = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()  # `fit` would take the callback out of the traceback
    try:
        yield
    except Exception as error:
        called = [_called(frame.f_locals) for frame, _ in traceback.walk_tb(error.__traceback__)]
        callbacks = [c for c in called if isinstance(c, keras.callbacks.Callback) and not _is_ours(c)]
        if not callbacks or isinstance(error, InputError) or user_error(error):
            raise
        raise InputError(
            f"trainer.callbacks: {type(callbacks[-1]).__name__} cannot work with its arguments here: {error}. Check "
            "them, or leave it out."
        ) from error
    finally:
        if filtered:
            keras.config.enable_traceback_filtering()


def _called(variables: Mapping[str, Any]) -> Any:
    """Whose method has these variables; of Keras's list of callbacks, which of them it has come to."""
    owner = variables.get("self")
    return variables.get("callback") if isinstance(owner, keras.callbacks.CallbackList) else owner


def _is_ours(callback: keras.callbacks.Callback) -> bool:
    return type(callback).__module__.startswith("lossexp.")
