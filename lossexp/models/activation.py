"""The activations of hidden layers: Keras's, without those that change a layer's width (glu) or need arguments."""

from typing import Literal

Activation = Literal[
    *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "swish", "mish", "hard_silu", "hard_swish"),
    *("linear", "sigmoid", "hard_sigmoid", "log_sigmoid", "sparse_sigmoid", "tanh", "hard_tanh", "tanh_shrink"),
    *("softplus", "softsign", "sparse_plus", "squareplus", "soft_shrink", "hard_shrink", "exponential"),
    *("softmax", "log_softmax", "sparsemax"),
]
