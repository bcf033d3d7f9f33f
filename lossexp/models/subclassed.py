"""A small convolutional network as a `keras.Model` subclass."""

from __future__ import annotations

import keras

from lossexp.base.checks import Count, settings
from lossexp.models.check import check_images
from lossexp.models.heads import make_head


@keras.saving.register_keras_serializable("lossexp")
class ConvNet(keras.Model):
    """A model that maps images `[batch, height, width, channels]` to raw float32 outputs `[batch, num_outputs]`.

    It has one convolution and one dense layer, both with ReLU, and then the head: the same network as in `functional`
    and `sequential`. A `.keras` file restores it with its precision. Raises InputError for inputs that are no images,
    or smaller than the kernel.
    """

    @settings("model")
    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        head: str = "linear",
        initial_bias: float | None = None,
        filters: Count = 32,
        kernel_size: Count = 3,
        units: Count = 128,
        **kwargs,
    ):
        super().__init__(**{"name": "subclassed", **kwargs})
        check_images("subclassed", input_shape, kernel_size)
        self._config = {
            "input_shape": tuple(input_shape),
            "num_outputs": num_outputs,
            "head": head,
            "initial_bias": initial_bias,
            "filters": filters,
            "kernel_size": kernel_size,
            "units": units,
        }
        dtype = self.dtype_policy
        self.convolution = keras.layers.Conv2D(filters, kernel_size, activation="relu", dtype=dtype)
        self.flatten = keras.layers.Flatten(dtype=dtype)
        self.dense = keras.layers.Dense(units, activation="relu", dtype=dtype)
        self.head = make_head(head, num_outputs, initial_bias)
        self(keras.KerasTensor((None, *input_shape)))  # creates the weights now, by the seed set now

    def call(self, inputs):
        features = self.dense(self.flatten(self.convolution(inputs)))
        return self.head(features)

    def get_config(self):
        return {**super().get_config(), **self._config}
