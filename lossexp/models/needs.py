"""What of the data and the loss the maker of a model gets: the arguments that its signature has."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

import keras

from lossexp.base.callables import unwrapped
from lossexp.base.errors import InputError

log = logging.getLogger(__name__)
ALWAYS = ("input_shape", "num_outputs")  # what a function that takes `**kwargs` gets too


def arguments(make: Callable, needs: Mapping[str, Any], setting: str) -> dict[str, Any]:
    """Those of `needs` that the signature of `make` names, by name.

    make: a function or class that makes a model, a `functools.partial` where it has arguments already; one that takes
    `**kwargs` gets input_shape and num_outputs too, but no class, which would hand them on to Keras. setting: what
    `make` is, for messages, such as `"model.fn._target_=mine.net"`. Raises InputError where something else that it
    requires would be missing, or where it takes no `head` and the loss needs one that is not linear.
    """
    function, _ = unwrapped(make)
    if isinstance(function, keras.layers.Layer) or not callable(function):
        raise InputError(
            f"{setting} is no function and no class, but an object that is there already ({type(function).__name__}). "
            "Name a function that makes a model: def net(input_shape, num_outputs): return keras.Sequential([...])"
        )
    parameters = inspect.signature(make).parameters
    takes_more = any(p.kind is p.VAR_KEYWORD for p in parameters.values()) and not inspect.isclass(function)
    given = {name: value for name, value in needs.items() if name in parameters or (takes_more and name in ALWAYS)}
    _check_complete(parameters, given, setting)
    _check_head(given, needs, setting)
    return given


def _check_complete(parameters: Mapping[str, inspect.Parameter], given: Mapping, setting: str) -> None:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = [p.name for p in parameters.values() if p.default is p.empty and p.kind not in variable]
    missing = [name for name in required if name not in given]
    if missing:
        node = setting.partition("._target_")[0]
        raise InputError(
            f"{setting} has no value for {' and '.join(missing)}. Give +{node}.{missing[0]}=..., or name the "
            "parameters by what the experiment knows: input_shape and num_outputs."
        )


def _check_head(given: Mapping, needs: Mapping, setting: str) -> None:
    """The head decides what the outputs mean to the loss, and where its bias starts only how fast training begins."""
    head, bias = needs.get("head", "linear"), needs.get("initial_bias")
    if head != "linear" and "head" not in given:
        raise InputError(
            f"The loss needs a model that ends in a head of the kind {head!r}, and {setting} takes no argument `head`. "
            "Give it one, and let it end in lossexp.models.heads.make_head(head, num_outputs), or choose a loss for "
            "plain outputs, such as loss=ce."
        )
    if bias is not None and "initial_bias" not in given:
        log.warning(
            "%s takes no argument `initial_bias`, so its outputs do not start at %.3g, as the loss asks for.",
            setting,
            bias,
        )
