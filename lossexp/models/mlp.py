"""A multilayer perceptron, for tables and for flattened pictures."""

from __future__ import annotations

import keras

from lossexp.base.checks import BelowOne, Count, settings
from lossexp.models.activation import Activation
from lossexp.models.heads import make_head


@settings("model")
def mlp(
    input_shape: tuple[int, ...],
    num_outputs: int,
    head: str = "linear",
    initial_bias: float | None = None,
    hidden: list[Count] = (64, 64),
    activation: Activation = "relu",
    dropout: BelowOne = 0.0,
) -> keras.Model:
    """Inputs `[batch, *input_shape]`, flattened, to raw float32 outputs `[batch, num_outputs]`.

    hidden: units of each hidden layer; none of them makes a linear model. dropout: rate in [0, 1) after
    each hidden layer.
    """
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    for units in hidden:
        x = keras.layers.Dense(units, activation=activation)(x)
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
    outputs = make_head(head, num_outputs, initial_bias)(x)
    return keras.Model(inputs, outputs, name="mlp")
