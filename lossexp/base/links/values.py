"""Links that give a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    import keras


class ValueLink:
    """Raw outputs `[n, width]` that predict values `[n, D]`: themselves, unless a subclass has a function of them.

    Arrays are float64. `positive` says whether every value is above 0; `activation` is what Keras calls `values`.
    """

    name: ClassVar[str]
    of_classes: ClassVar[bool] = False
    positive: ClassVar[bool] = False
    activation: ClassVar[str] = "linear"

    def width(self, num_classes: int) -> int:
        """The number of raw outputs."""
        return 1

    def values(self, outputs: np.ndarray) -> np.ndarray:
        """The predicted values `[n, D]`."""
        return outputs

    def layer(self, outputs: Any) -> keras.KerasTensor:
        """`values` in a Keras model: from a symbolic `[batch, width]` to the predicted values `[batch, D]`."""
        import keras

        return keras.layers.Activation(self.activation, name=self.name)(outputs)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """The first raw output `[n]` that predicts these values `[n]`, which are above 0 if the link is `positive`."""
        return values

    def at_values(self, values: np.ndarray) -> np.ndarray:
        """Raw outputs `[n, width]` that predict these values `[n]`, with a spread of 1 where one is predicted."""
        return self.inverse(values)[:, np.newaxis]


class Identity(ValueLink):
    """The output is the value."""

    name = "identity"


class Softplus(ValueLink):
    """The value is `log(1 + exp(z))`."""

    name = activation = "softplus"
    positive = True

    def values(self, outputs):
        return np.logaddexp(0.0, outputs)

    def inverse(self, values):
        return values + np.log(-np.expm1(-values))


class Exp(ValueLink):
    """The value is `exp(z)`."""

    name = "exp"
    positive = True
    activation = "exponential"

    def values(self, outputs):
        return np.exp(outputs)

    def inverse(self, values):
        return np.log(values)


class Gaussian(ValueLink):
    """The first output is the mean, the second the logarithm of a spread (which one, the loss says)."""

    name = "gaussian"

    def width(self, num_classes):
        return 2

    def values(self, outputs):
        return outputs[:, :1]

    def layer(self, outputs):
        return outputs[:, :1]

    def at_values(self, values):
        return np.stack([values, np.zeros_like(values)], axis=1)
