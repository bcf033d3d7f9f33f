"""Everything that training changes: what checkpoints keep of it, and a word about what they cannot."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lossexp.base.variables import Holdings, unseeded, weights_of
from lossexp.losses.base.loss import Loss

log = logging.getLogger(__name__)

IN_PLAIN_PYTHON = "plain Python, which a compiled step sees once and no checkpoint keeps. Use a tf.Variable"
TOO_LATE = "a variable that was made while training ran. Make it in __init__ (a callback: in on_train_begin)"
OF_AN_OPERATION = (
    "an operation with a state of its own. For random numbers use keras.random with a SeedGenerator that is an "
    "attribute, instead of Python use TensorFlow's operations"
)
HIDDEN = "one that no attribute, closure or global of model, loss and callbacks leads to. Make it an attribute"
NOT_A_VARIABLE = (
    "state outside of variables. Use a tf.Variable, and for random numbers a keras.random.SeedGenerator or a "
    "tf.random.Generator"
)


class KeptVariables:
    """The variables of a training in groups, found once: when training has begun and no step was done."""

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        callbacks: Sequence[keras.callbacks.Callback],
    ):
        self._things = {
            "model": model,
            "optimizer": optimizer,
            "loss": loss,
            "callbacks": callbacks,
            "random": unseeded(),
        }
        found = Holdings()
        tracked = {
            "model": found.add(model.variables, "model.variables"),
            "optimizer": found.add(optimizer.variables, "optimizer.variables"),
        }
        untracked = {group: found.add(thing, group) for group, thing in self._things.items()}
        self.groups = {group: [*tracked.get(group, ()), *members] for group, members in untracked.items()}
        self._known = {id(variable) for variable in self.variables}
        self._plain = {path: _copied(value) for path, value in found.plain.items() if path.startswith("loss")}
        self._told: set[str] = set()
        outside = {id(variable) for variable in weights_of(model)} - {id(variable) for variable in model.weights}
        for path, variable in found.variables.items():
            if id(variable) in outside:
                log.warning("%s is a tf.Variable, which Keras does not save with the model. Use add_weight.", path)
        self._tell(found.out_of_reach, NOT_A_VARIABLE)

    @property
    def variables(self) -> list[tf.Variable]:
        """Those of all groups."""
        return [variable for members in self.groups.values() for variable in members]

    def tell_what_is_missed(self, operations: Collection[str], handles: Sequence[tf.Tensor] = ()) -> None:
        """Warns, once of each, of state that has come or has changed since and is not in `groups`.

        operations: those of the compiled step that have a state of their own. handles: of the resources that it uses.
        """
        self._tell([f"{name} in the training step" for name in sorted(operations)], OF_AN_OPERATION)
        known = {id(part.handle) for variable in self.variables for part in getattr(variable, "values", [variable])}
        if any(id(handle) not in known for handle in handles):
            self._tell(["a variable or table in the training step"], HIDDEN)
        now = Holdings()
        for group, thing in self._things.items():
            now.add(thing, group)
        self._tell([path for path, variable in now.variables.items() if id(variable) not in self._known], TOO_LATE)
        changed = [path for path, value in self._plain.items() if not _equal(value, now.plain.get(path))]
        self._tell(changed, IN_PLAIN_PYTHON)

    def _tell(self, paths: Sequence[str], why: str) -> None:
        for path in paths:
            if path not in self._told:
                log.warning("%s is not kept in checkpoints: it is %s.", path, why)
        self._told |= set(paths)


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and np.array_equal(one, other, equal_nan=isinstance(one, float))
