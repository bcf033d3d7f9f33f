"""A multilayer perceptron whose layers ask for sparse activity through `add_loss`."""

from __future__ import annotations

import keras
from keras import ops

from lossexp.base.checks import Count, NonNegative, settings
from lossexp.models.activation import Activation
from lossexp.models.heads import make_head


@keras.saving.register_keras_serializable("lossexp")
class SparseDense(keras.layers.Dense):
    """A dense layer that adds `penalty` times the L1 norm of its outputs, averaged over the batch.

    The average keeps the penalty's strength independent of the batch size; it is taken in float32.
    """

    def __init__(self, units: int, penalty: float = 1e-4, **kwargs):
        super().__init__(units, **kwargs)
        self.penalty = penalty

    def call(self, inputs, training=None):
        outputs = super().call(inputs, training=training)
        norms = ops.sum(ops.abs(ops.cast(outputs, "float32")), axis=-1)
        self.add_loss(self.penalty * ops.mean(norms))
        return outputs

    def get_config(self):
        return {**super().get_config(), "penalty": self.penalty}


@settings("model")
def sparse_mlp(
    input_shape: tuple[int, ...],
    num_outputs: int,
    head: str = "linear",
    initial_bias: float | None = None,
    hidden: list[Count] = (64, 64),
    activation: Activation = "relu",
    penalty: NonNegative = 1e-4,
) -> keras.Model:
    """A model that maps inputs `[batch, *input_shape]`, flattened, to raw float32 outputs `[batch, num_outputs]`.

    hidden, activation: see `mlp`. penalty: see `SparseDense`. After a call, `model.losses` holds one scalar for each
    hidden layer, of that call alone.
    """
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    for units in hidden:
        x = SparseDense(units, penalty, activation=activation)(x)
    outputs = make_head(head, num_outputs, initial_bias)(x)
    return keras.Model(inputs, outputs, name="sparse_mlp")
