"""Which callback it was, where an error does not say: Keras's own, or one whose hooks take other arguments."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras

from lossexp.base.blame import user_error
from lossexp.base.errors import InputError


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
