"""Checks of a trainer's settings; each raises InputError that names the setting, its value and what would work."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from lossexp.errors import InputError
from lossexp.runtime import PRECISIONS
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


def check_choices(precision: str, jit_compile: str | bool, strategy: str) -> None:
    """Known choices, which can be combined."""
    if precision not in PRECISIONS:
        raise InputError(f"trainer.precision={precision}: use one of {', '.join(PRECISIONS)}.")
    if jit_compile not in ("auto", True, False):
        raise InputError(f"trainer.jit_compile={jit_compile}: use auto, true or false.")
    if strategy not in STRATEGIES:
        raise InputError(f"trainer.strategy={strategy}: use one of {', '.join(STRATEGIES)}.")
    if strategy == "mirrored" and jit_compile is True:
        raise InputError(
            "trainer.strategy=mirrored cannot be combined with trainer.jit_compile=true: XLA cannot compile the "
            "exchange between replicas. Leave trainer.jit_compile=auto, or use trainer.strategy=none."
        )


def check_from_zero(**values: float) -> None:
    """Numbers from 0 up."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise InputError(f"trainer.{name}={value}: give a number from 0 up.")


def checked_callbacks(callbacks: Sequence[keras.callbacks.Callback] | None) -> list[keras.callbacks.Callback]:
    """The callbacks as a list, or an empty one for None."""
    callbacks = [] if callbacks is None else callbacks
    if isinstance(callbacks, list | tuple) and all(isinstance(c, keras.callbacks.Callback) for c in callbacks):
        return list(callbacks)
    raise InputError(
        f"trainer.callbacks={callbacks!r}: give a list of Keras callbacks, each with its _target_, for example "
        "'trainer.callbacks=[{_target_: keras.callbacks.EarlyStopping, monitor: val_accuracy, patience: 3}]'."
    )
