"""A multilayer perceptron, for tables and for flattened images."""

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
    """A model that maps inputs `[batch, *input_shape]`, flattened, to raw float32 outputs `[batch, num_outputs]`.

    hidden: the number of units of each hidden layer; an empty list makes a linear model. activation: of every hidden
    layer. dropout: the rate in [0, 1) of the dropout after each hidden layer.
    """
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    for units in hidden:
        x = keras.layers.Dense(units, activation=activation)(x)
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
    outputs = make_head(head, num_outputs, initial_bias)(x)
    return keras.Model(inputs, outputs, name="mlp")
