"""The last layer: from features to the raw outputs that a loss asks for. Always float32."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from lossexp.base.errors import InputError

HEADS = ("linear", "cosine", "ordinal", "norm")


def make_head(head: str, num_outputs: int, initial_bias: float | None = None) -> keras.layers.Layer:
    """A layer from features `[batch, d]` to raw outputs `[batch, num_outputs]`, float32 under any policy.

    head: `"linear"`, `"cosine"`, `"ordinal"` or `"norm"`, as `Loss.head` says. initial_bias: where every bias
    of the head starts; None is the head's own default, and the cosine head has no bias.
    """
    if head == "linear":
        bias = "zeros" if initial_bias is None else keras.initializers.Constant(initial_bias)
        return keras.layers.Dense(num_outputs, bias_initializer=bias, dtype="float32", name="outputs")
    if head == "cosine":
        return CosineHead(num_outputs, dtype="float32", name="outputs")
    if head == "ordinal":
        return OrdinalHead(num_outputs, initial_bias, dtype="float32", name="outputs")
    if head == "norm":
        return NormHead(num_outputs, initial_bias, dtype="float32", name="outputs")
    raise InputError(f"head={head!r} is none of {', '.join(HEADS)}. Give the loss's `head` one of these names.")


@keras.saving.register_keras_serializable("lossexp")
class CosineHead(keras.layers.Layer):
    """Cosines in [-1, 1] between the features and one learned direction for each output; no bias."""

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, features):
        cosines = ops.matmul(_unit(features, axis=-1), _unit(self.kernel, axis=0))
        return ops.clip(cosines, -1.0, 1.0)  # rounding can step over 1, where acos is NaN

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("lossexp")
class OrdinalHead(keras.layers.Layer):
    """One score shared by all thresholds plus a bias for each: output k is the logit of "above class k".

    The shared score keeps the thresholds in one order for every example (Cao, Mirjalili and Raschka 2020,
    "Rank consistent ordinal regression", section 3). For K classes there are `units` = K - 1 outputs. By
    default the biases start where all K classes are equally likely at score 0, which is descending.
    """

    def __init__(self, units: int, initial_bias: float | None = None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.initial_bias = initial_bias

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 1), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer=self._biases, name="bias")

    def _biases(self, shape, dtype):
        if self.initial_bias is not None:
            return ops.full(shape, self.initial_bias, dtype)
        above = np.arange(self.units, 0, -1)
        return ops.cast(np.log(above / above[::-1]), dtype)

    def call(self, features):
        return ops.matmul(features, self.kernel) + self.bias

    def get_config(self):
        return {**super().get_config(), "units": self.units, "initial_bias": self.initial_bias}


@keras.saving.register_keras_serializable("lossexp")
class NormHead(keras.layers.Layer):
    """`units` - 1 linear outputs and, last, the L1 norm of the features they are made of.

    For losses that weigh examples by how strongly they pull at the last layer (Park et al. 2021).
    """

    def __init__(self, units: int, initial_bias: float | None = None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.initial_bias = initial_bias

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units - 1), name="kernel")
        start = keras.initializers.Constant(self.initial_bias or 0.0)
        self.bias = self.add_weight(shape=(self.units - 1,), initializer=start, name="bias")

    def call(self, features):
        norm = ops.sum(ops.abs(features), axis=-1, keepdims=True)
        return ops.concatenate([ops.matmul(features, self.kernel) + self.bias, norm], axis=-1)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "initial_bias": self.initial_bias}


def _unit(x, axis: int):
    # The maximum stays inside the root: the gradient of a zero vector is then 0, not NaN.
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))
