"""The variables that objects hold: in attributes, containers, closures, classes and globals that functions use."""

from __future__ import annotations

import functools
import random
import sys
import types
from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic, np.ndarray)
LIBRARIES = {*sys.stdlib_module_names, "keras", "tensorflow", "numpy", "lossexp", "hydra", "omegaconf"} - {"__main__"}
# Of a library's objects only those that can hold state of a training; the rest is machinery without end.
STATEFUL = (
    keras.Operation,
    keras.metrics.Metric,
    keras.losses.Loss,
    keras.optimizers.Optimizer,
    keras.optimizers.schedules.LearningRateSchedule,
    keras.random.SeedGenerator,
    keras.callbacks.Callback,
    tf.Module,
    tf.random.Generator,
    types.SimpleNamespace,
)
# What `compile` hangs on a model for callbacks, and no step of ours uses.
COMPILED = ("optimizer", "_optimizer", "_loss_tracker", "_compile_loss", "_compile_metrics")
TRACKED = "_self_"  # TensorFlow's notes of what hangs on a thing, with the former ones
# What is kept outside of variables.
OUT_OF_REACH = (
    *(tf.lookup.experimental.MutableHashTable, tf.lookup.experimental.DenseHashTable, tf.queue.QueueBase),
    *(np.random.Generator, np.random.RandomState, random.Random),
)


class Holdings:
    """What was found in objects, each thing once: the paths say where it hangs (`loss.fn.count`).

    variables: by path, TensorFlow's own (those that Keras variables wrap). plain: numbers, strings and arrays, by
    path, of which only whoever changes them knows that they change. out_of_reach: paths of other state.
    """

    def __init__(self) -> None:
        self.variables: dict[str, tf.Variable] = {}
        self.plain: dict[str, Any] = {}
        self.out_of_reach: list[str] = []
        self._seen: dict[int, Any] = {}  # with the objects, since the number of one that is gone is given anew

    def add(self, thing: Any, path: str) -> list[tf.Variable]:
        """Adds what `thing` holds, and returns the variables among it that were not known before."""
        known, waiting = len(self.variables), deque([(path, thing)])
        while waiting:
            path, thing = waiting.popleft()
            if isinstance(thing, PLAIN):
                self.plain[path] = thing
                continue
            thing = _tensor_variable(thing)
            if id(thing) in self._seen:
                continue
            self._seen[id(thing)] = thing
            if isinstance(thing, tf.Variable):
                self.variables[path] = thing
            elif isinstance(thing, OUT_OF_REACH):
                self.out_of_reach.append(path)
            else:
                waiting.extend((path + step, child) for step, child in _children(thing))
        return list(self.variables.values())[known:]


def variables_of(*things: Any) -> list[tf.Variable]:
    """All variables that the things hold, each once, in an order that depends on nothing but how they were made."""
    found = Holdings()
    return [variable for thing in things for variable in found.add(thing, "")]


def weights_of(model: keras.Model) -> list[tf.Variable]:
    """What outputs are computed from: the model's weights, and plain `tf.Variable`s, which Keras does not track."""
    tracked = {id(_tensor_variable(variable)) for variable in [*model.variables, *model.metrics_variables]}
    return [*model.weights, *(variable for variable in variables_of(model) if id(variable) not in tracked)]


def unseeded() -> keras.random.SeedGenerator | None:
    """Where `keras.random` draws without a seed; None where nothing has drawn any."""
    return global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)


@contextmanager
def untouched(*things: Any) -> Iterator[None]:
    """A block after which all variables of the things are what they were, and those made inside what they began as."""
    before = [(variable, variable.numpy()) for variable in variables_of(*things, unseeded())]

    def remember(next_creator, **arguments):
        variable = next_creator(**arguments)
        if tf.executing_eagerly():
            before.append((variable, variable.numpy()))
        return variable

    try:
        with tf.variable_creator_scope(remember):
            yield
    finally:
        for variable, value in before:
            variable.assign(value)


def _tensor_variable(thing: Any) -> Any:
    """The TensorFlow variable that a Keras variable wraps; other things as they are."""
    return thing.value if isinstance(thing, keras.Variable) and thing._value is not None else thing


def _children(thing: Any) -> Iterator[tuple[str, Any]]:
    """What hangs on a thing, with the step of the path that leads there."""
    if isinstance(thing, types.FunctionType):
        yield from _of_function(thing)
    elif isinstance(thing, types.MethodType):
        yield from (("", thing.__self__), ("", thing.__func__))
    elif isinstance(thing, functools.partial):
        yield from (("", thing.func), ("", thing.args), ("", thing.keywords))
    elif isinstance(thing, property):
        yield "", thing.fget
    elif isinstance(thing, staticmethod | classmethod):
        yield "", thing.__func__
    elif isinstance(thing, Mapping):
        yield from ((f"[{key!r}]", value) for key, value in list(thing.items()))
    elif isinstance(thing, list | tuple | deque):
        yield from ((f"[{i}]", value) for i, value in enumerate(list(thing)))
    elif isinstance(thing, type):
        if not _is_library(thing.__module__):
            yield from ((f".{name}", value) for name, value in list(vars(thing).items()))
    elif isinstance(thing, AbstractSet):
        yield from (("", value) for value in sorted(thing, key=lambda value: str(getattr(value, "name", value))))
    if hasattr(thing, "python_function"):  # a tf.function: its graphs hold nothing that its Python does not
        yield "", thing.python_function
    elif hasattr(thing, "__wrapped__"):
        yield "", thing.__wrapped__
    elif not isinstance(thing, type) and (isinstance(thing, STATEFUL) or not _is_library(type(thing).__module__)):
        yield from _of_object(thing)


def _of_object(thing: Any) -> Iterator[tuple[str, Any]]:
    skipped = COMPILED if isinstance(thing, keras.Model) else ()
    for name, value in list(getattr(thing, "__dict__", {}).items()):
        if name not in skipped and not name.startswith(TRACKED):
            yield f".{name}", value
    for kind in type(thing).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(thing, name) and name not in ("__dict__", "__weakref__"):
                yield f".{name}", getattr(thing, name)
        yield "", kind


def _of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f".{name}", cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue
    yield from (("", function.__defaults__), ("", function.__kwdefaults__), ("", function.__dict__))
    if not _is_library(function.__module__):
        names = _names(code)
        for name in names:
            value = function.__globals__.get(name)
            if not isinstance(value, types.ModuleType):
                yield f".{name}", value
            elif not _is_library(value.__name__):
                yield from ((f".{name}.{member}", vars(value)[member]) for member in names if member in vars(value))


def _names(code: types.CodeType) -> list[str]:
    """Names that a function's code, and the functions inside it, looks up outside of themselves."""
    inner = [name for constant in code.co_consts if isinstance(constant, types.CodeType) for name in _names(constant)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def is_own(kind: type) -> bool:
    """Whether a class is the user's, and not of a library's machinery."""
    return not _is_library(kind.__module__)


def _is_library(module: str | None) -> bool:
    return (module or "").partition(".")[0] in LIBRARIES
