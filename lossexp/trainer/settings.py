"""Checks of a trainer's settings beyond the hint of each: what goes together, and callbacks."""

from __future__ import annotations

from typing import Any

import keras

from lossexp.errors import InputError
from lossexp.trainer.callback_arguments import check_arguments


def check_together(epochs: int, profile_epoch: int | None, jit_compile: str | bool, strategy: str, eager: bool) -> None:
    """Raises InputError for settings that each have their meaning, but not with one another."""
    if profile_epoch is not None and profile_epoch > epochs:
        raise InputError(
            f"trainer.profile_epoch={profile_epoch}: there are only {epochs} epochs (trainer.epochs), counted from 1."
        )
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


def checked_callbacks(callbacks: list[Any] | None) -> list[keras.callbacks.Callback]:
    """The callbacks, their arguments checked, or an empty list for None."""
    for callback in callbacks or []:
        if not isinstance(callback, keras.callbacks.Callback):
            raise InputError(
                f"trainer.callbacks={callbacks!r}: give a list of Keras callbacks, each with its _target_, for example "
                "'trainer.callbacks=[{_target_: keras.callbacks.EarlyStopping, monitor: val_accuracy, patience: 3}]'."
            )
        check_arguments(callback)
    return callbacks or []
