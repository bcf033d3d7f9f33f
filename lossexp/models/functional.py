"""The network of `subclassed` in Keras's functional style."""

from __future__ import annotations

import keras

from lossexp.base.checks import Count, settings
from lossexp.models.check import check_images
from lossexp.models.heads import make_head


@settings("model")
def conv_net(
    input_shape: tuple[int, ...],
    num_outputs: int,
    head: str = "linear",
    initial_bias: float | None = None,
    filters: Count = 32,
    kernel_size: Count = 3,
    units: Count = 128,
) -> keras.Model:
    """A model that maps images `[batch, height, width, channels]` to raw float32 outputs `[batch, num_outputs]`.

    Raises InputError for inputs that are no images, or smaller than the kernel.
    """
    check_images("functional", input_shape, kernel_size)
    inputs = keras.Input(input_shape)
    x = keras.layers.Conv2D(filters, kernel_size, activation="relu")(inputs)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(units, activation="relu")(x)
    outputs = make_head(head, num_outputs, initial_bias)(x)
    return keras.Model(inputs, outputs, name="functional")
