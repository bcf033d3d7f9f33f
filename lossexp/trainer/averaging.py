"""Evaluation on averaged weights, where the optimizer keeps an exponential moving average (`use_ema`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from lossexp.trainer.loss_scale import unscaled


@contextmanager
def averaged_weights(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Inside the block the model has its averaged weights; afterwards those it trains with, bit for bit.

    Without `use_ema` the block changes nothing.
    """
    inner = unscaled(optimizer)
    averages = getattr(inner, "_model_variables_moving_average", None) if inner.use_ema else None
    if not averages:
        yield
        return
    variables = inner._trainable_variables
    trained = [variable.numpy() for variable in variables]
    for variable, average in zip(variables, averages, strict=True):
        variable.assign(average)
    try:
        yield
    finally:
        for variable, value in zip(variables, trained, strict=True):
            variable.assign(value)
