"""A model of the user's own: what a function or class of theirs makes."""

from __future__ import annotations

from collections.abc import Callable

import keras

from lossexp.base.blame import blaming
from lossexp.base.callables import dotted
from lossexp.base.checks import settings
from lossexp.base.errors import InputError
from lossexp.models.needs import arguments


@settings("model")
def custom(
    fn: Callable,
    input_shape: tuple[int, ...],
    num_outputs: int,
    head: str = "linear",
    initial_bias: float | None = None,
    vocabulary_size: int | None = None,
) -> keras.Model:
    """The `keras.Model` that `fn` returns: a function or class, which gets those of the other arguments that it names.

    It maps inputs `[batch, *input_shape]` to raw float32 outputs `[batch, num_outputs]`. Raises InputError where `fn`
    cannot be called so, or returns something else.
    """
    needs = {
        "input_shape": tuple(input_shape),
        "num_outputs": num_outputs,
        "head": head,
        "initial_bias": initial_bias,
        "vocabulary_size": vocabulary_size,
    }
    name = dotted(fn)
    with blaming(f"model.fn={name}"):
        model = fn(**arguments(fn, needs, f"model.fn._target_={name}"))
    if isinstance(model, keras.Model):
        return model
    raise InputError(
        f"model.fn._target_={name} returned {_article(model)}, not a keras.Model. End it with: return "
        "keras.Model(inputs, outputs), or return keras.Sequential([...]) or an instance of your own subclass."
    )


def _article(value: object) -> str:
    if value is None:
        return "nothing (there is no `return`)"
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"
