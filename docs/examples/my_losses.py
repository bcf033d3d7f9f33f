"""Losses of your own. Start lossexp in this folder, so that Python finds the file; nothing is installed.

A function, with a parameter:

    lossexp dataset=diabetes loss=function loss.fn._target_=my_losses.wing +loss.fn.width=3 \
        loss.on=values trusted_packages=[my_losses]

A class:

    lossexp dataset=diabetes loss=custom loss.fn._target_=my_losses.MyMeanSquaredError \
        loss.on=values trusted_packages=[my_losses]

    lossexp loss=custom loss.fn._target_=my_losses.Confidence +loss.fn.power=2 \
        loss.on=probabilities loss.labels=onehot trusted_packages=[my_losses]

Two rules: return one value per example, `[batch]`, and average over the last axis only. `loss.on` says what
`y_pred` is (the model returns raw outputs, and lossexp makes probabilities of them where you ask for them).
"""

import keras
from keras import ops


def wing(y_true, y_pred, width=10.0, curvature=2.0):
    """Logarithmic for errors below `width`, absolute beyond (Feng et al. 2018, equation 5)."""
    error = ops.abs(y_pred - y_true)
    offset = width - width * ops.log1p(width / curvature)
    values = ops.where(error < width, width * ops.log1p(error / curvature), error - offset)
    return ops.mean(values, axis=-1)


def mean_squared_error(y_true, y_pred):
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


@keras.saving.register_keras_serializable("my_losses")
class MyMeanSquaredError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_pred - y_true), axis=-1)


@keras.saving.register_keras_serializable("my_losses")
class Confidence(keras.losses.Loss):
    """`1 - p_y^power` of probabilities and one-hot labels."""

    def __init__(self, power=1.0, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, y_true, y_pred):
        return 1.0 - ops.sum(y_true * y_pred, axis=-1) ** self.power

    def get_config(self):
        return {"power": self.power, **super().get_config()}
