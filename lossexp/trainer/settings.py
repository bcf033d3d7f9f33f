"""Checks of a trainer's settings; each raises InputError that names the setting, its value and what would work."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from lossexp.errors import InputError
from lossexp.runtime import PRECISIONS
from lossexp.trainer.callback_arguments import check_arguments
from lossexp.trainer.devices import STRATEGIES


def check_whole(least: int, **values: int) -> None:
    """Whole numbers of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"trainer.{name}={value}: give a whole number of at least {least}.")


def check_switches(**values: bool) -> None:
    """True or False, and nothing that merely counts as one."""
    for name, value in values.items():
        if not isinstance(value, bool):
            raise InputError(f"trainer.{name}={value}: give true or false.")


def check_profile(profile_epoch: int | None, epochs: int) -> None:
    """An epoch that there is, or None."""
    if profile_epoch is not None and profile_epoch > epochs:
        raise InputError(
            f"trainer.profile_epoch={profile_epoch}: there are only {epochs} epochs (trainer.epochs), counted from 1."
        )


def check_choices(precision: str, jit_compile: str | bool, strategy: str, eager: bool) -> None:
    """Known choices, which can be combined."""
    if precision not in PRECISIONS:
        raise InputError(f"trainer.precision={precision}: use one of {', '.join(PRECISIONS)}.")
    if jit_compile != "auto" and not isinstance(jit_compile, bool):  # 1 == True, but nothing that anyone should mean
        raise InputError(f"trainer.jit_compile={jit_compile}: use auto, true or false.")
    if strategy not in STRATEGIES:
        raise InputError(f"trainer.strategy={strategy}: use one of {', '.join(STRATEGIES)}.")
    if eager and jit_compile is True:
        raise InputError(
            "trainer.eager=true cannot be combined with trainer.jit_compile=true: XLA compiles a graph, and eager "
            "steps have none. Leave trainer.jit_compile=auto, or use trainer.eager=false."
        )
    if strategy == "mirrored" and jit_compile is True:
        raise InputError(
            "trainer.strategy=mirrored cannot be combined with trainer.jit_compile=true: XLA cannot compile the "
            "exchange between replicas. Leave trainer.jit_compile=auto, or use trainer.strategy=none."
        )


def check_from_zero(**values: float) -> None:
    """Numbers from 0 up, none of them infinite."""
    check_limits(**values)
    for name, value in values.items():
        if math.isinf(value):
            raise InputError(f"trainer.{name}={value}: give a number from 0 up that is not infinite.")


def check_limits(**values: float) -> None:
    """Numbers from 0 up; infinity is no limit."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise InputError(f"trainer.{name}={value}: give a number from 0 up.")


def checked_callbacks(callbacks: Sequence[keras.callbacks.Callback] | None) -> list[keras.callbacks.Callback]:
    """The callbacks as a list, their arguments checked, or an empty one for None."""
    callbacks = [] if callbacks is None else callbacks
    if not isinstance(callbacks, list | tuple) or not all(isinstance(c, keras.callbacks.Callback) for c in callbacks):
        raise InputError(
            f"trainer.callbacks={callbacks!r}: give a list of Keras callbacks, each with its _target_, for example "
            "'trainer.callbacks=[{_target_: keras.callbacks.EarlyStopping, monitor: val_accuracy, patience: 3}]'."
        )
    for callback in callbacks:
        check_arguments(callback)
    return list(callbacks)
