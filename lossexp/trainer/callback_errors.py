"""Which callback it was: Keras's own raise whatever their arguments lead to, without saying who they are."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from lossexp.errors import InputError


@contextmanager
def naming_callbacks() -> Iterator[None]:
    """A block that trains: what one of Keras's own callbacks raises becomes an InputError that names it."""
    filtered = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()  # `fit` would take the callback out of the traceback
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        callers = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
        callbacks = [c for c in callers if isinstance(c, keras.callbacks.Callback) and not _is_list(c)]
        if not callbacks or not type(callbacks[-1]).__module__.startswith("keras."):
            raise
        raise InputError(
            f"trainer.callbacks: {type(callbacks[-1]).__name__} cannot work with its arguments here: {error}. Check "
            "them, or leave it out."
        ) from error
    finally:
        if filtered:
            keras.config.enable_traceback_filtering()


def _is_list(callback: keras.callbacks.Callback) -> bool:
    return isinstance(callback, keras.callbacks.CallbackList)
