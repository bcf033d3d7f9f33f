"""A small U-Net: an answer for every pixel, or, by its encoder alone, one for the whole picture."""

from __future__ import annotations

import keras
from keras import layers

from lossexp.base.checks import Count, settings
from lossexp.models.check import check_images
from lossexp.models.heads import make_head


@settings("model")
def unet(
    input_shape: tuple[int, ...],
    num_outputs: int,
    head: str = "linear",
    initial_bias: float | None = None,
    task: str = "segmentation",
    filters: Count = 16,
    depth: Count = 2,
) -> keras.Model:
    """A model of images `[batch, height, width, channels]` of any size, whose raw outputs are float32.

    For `task="segmentation"` they are `[batch, height, width, num_outputs]`: an encoder halves the picture `depth`
    times, a decoder doubles it as often, and each of its levels sees the encoder's too (Ronneberger et al. 2015,
    "U-Net"; here with padded convolutions and batch normalisation). For any other task they are `[batch,
    num_outputs]`, of the encoder's features at their largest over the picture.

    filters: of the first level; each further one has twice as many. Raises InputError for inputs that are no images.
    """
    check_images("unet", input_shape, kernel_size=1)
    inputs = keras.Input(input_shape)
    height, width = input_shape[:2]
    below, right = -height % 2**depth, -width % 2**depth  # what is missing for halves without a rest
    x, skips = layers.ZeroPadding2D(((0, below), (0, right)))(inputs), []
    for level in range(depth):
        x = _convolutions(x, filters * 2**level)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = _convolutions(x, filters * 2**depth)
    if task == "segmentation":
        for level, skip in reversed(list(enumerate(skips))):
            x = layers.Conv2DTranspose(filters * 2**level, 2, strides=2)(x)
            x = _convolutions(layers.Concatenate()([skip, x]), filters * 2**level)
        x = layers.Cropping2D(((0, below), (0, right)))(x)
    else:
        x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, make_head(head, num_outputs, initial_bias)(x), name="unet")


def _convolutions(x, filters: int):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)  # at Keras's 0.99, means of the data take hundreds of steps
        x = layers.Activation("relu")(x)
    return x
