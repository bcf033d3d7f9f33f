"""Whether a model comes back from its file as it was, tried before it is trained."""

from __future__ import annotations

import inspect
import logging
import random
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from lossexp.base.blame import defined, sentence, users_place
from lossexp.base.model_files import lambdas
from lossexp.base.variables import is_own, unseeded, untouched

log = logging.getLogger(__name__)
KNOWN = {  # of what Keras says in a page
    re.compile(r"Object (\w+) was created by passing"): "has no get_config",
    re.compile(r"Could not locate class '(\w+)'"): "is not registered with Keras",
}
NOT_SETTINGS = ("self", "args", "kwargs", "name", "dtype", "trainable", "activity_regularizer", "autocast")
SAVABLE = "give it a get_config that returns all its arguments, and @keras.saving.register_keras_serializable()"


def is_savable(model: keras.Model, x: np.ndarray) -> bool:
    """Whether the model, saved and loaded in safe mode, gives the same outputs; a warning says why where it does not.

    x: a few examples. Nothing is trained, and neither the model nor what is drawn at random later is changed.
    """
    with _undisturbed(model), tempfile.TemporaryDirectory() as folder:
        reason = why_unsavable(model, x, Path(folder) / "model.keras")
    if reason:
        log.warning(
            "%s cannot be saved whole: %s. The run keeps its weights instead, model.weights.h5; mode=evaluate and "
            "mode=predict build the model anew by your code.",
            _named(model),
            reason,
        )
    return reason is None


def why_unsavable(model: keras.Model, x: np.ndarray, file: Path) -> str | None:
    """Why the model does not come back from `file`, and what would help; None where it does."""
    try:
        model.save(file)
    except OSError as error:  # of the folder for temporary files, which is nothing to the model
        log.warning("Whether the model can be saved was not tried: %s", error)
        return None
    except Exception as error:  # whatever the user's get_config raises
        return _why(error, model)
    if found := lambdas(file):
        return (
            f"the Lambda layer {found[0]} holds Python code, which a file must not bring along. Put a named layer in "
            f"its place, a class with `call`; {SAVABLE}"
        )
    try:
        loaded = keras.saving.load_model(file, compile=False)
        given, again, back = (np.asarray(each(x, training=False), np.float64) for each in (model, model, loaded))
    except Exception as error:
        return _why(error, model, _forgotten(model))
    if np.array_equal(given, again, equal_nan=True) and not _close(given, back):
        return (
            f"loaded again it gives other outputs. {_forgotten(model) or 'Some layer forgets an argument or a weight'}"
        )
    return None


def _why(error: Exception, model: keras.Model, forgotten: str = "") -> str:
    for said, what in KNOWN.items():
        if found := said.search(str(error)):
            kind = next((kind for kind in _kinds(model) if kind.__name__ == found[1]), None)
            return f"the class {defined(kind) if kind else found[1]} {what}: {SAVABLE}"
    place = users_place(error, called=True)
    told = f"{type(error).__name__}{f' in {place}' if place else ''}: {sentence(error)}".rstrip(".")
    return f"{told}. {forgotten or f'If a class of yours is meant, {SAVABLE}'}"


def _forgotten(model: keras.Model) -> str:
    """The first class of the user's whose get_config lacks arguments of its `__init__`."""
    for layer in model._flatten_layers():
        if is_own(type(layer)):
            taken, config = inspect.signature(type(layer).__init__).parameters, layer.get_config()
            missing = [name for name in taken if name not in (*NOT_SETTINGS, *config)]
            if missing:
                return f"get_config of the class {defined(type(layer))} lacks {' and '.join(missing)}: {SAVABLE}"
    return ""


def _kinds(model: keras.Model) -> list[type]:
    return [type(layer) for layer in model._flatten_layers()]


def _named(model: keras.Model) -> str:
    return f"model {model.name} ({type(model).__name__})"


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-3, atol=1e-5 + 1e-3 * np.abs(a).max(), equal_nan=True)


@contextmanager
def _undisturbed(model: keras.Model) -> Iterator[None]:
    """A block that may load and call models, after which everything drawn at random is what it would have been."""
    drawn = random.getstate(), np.random.get_state()
    try:
        with untouched(model, unseeded()), warnings.catch_warnings(action="ignore"):
            yield
    finally:
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])
