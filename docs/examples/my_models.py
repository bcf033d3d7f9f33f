"""Models of your own. Start lossexp in this folder, so that Python finds the file; nothing is installed.

A function that builds one; `width` is an argument of its own:

    lossexp model=custom model.fn._target_=my_models.net +model.fn.width=32 trusted_packages=[my_models]

A `keras.Model` subclass, which can be saved because it is registered and has `get_config`:

    lossexp model=custom model.fn._target_=my_models.Net trusted_packages=[my_models]
"""

import keras
from keras import layers


def net(input_shape, num_outputs, width=16):
    inputs = keras.Input(input_shape)
    x = layers.Dense(width, activation="relu")(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Dense(num_outputs, dtype="float32")(x))


@keras.saving.register_keras_serializable("my_models")
class Net(keras.Model):
    def __init__(self, num_outputs, width=16, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs, self.width = num_outputs, width
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(width, activation="relu")
        self.outputs_layer = layers.Dense(num_outputs, dtype="float32")

    def call(self, x):
        return self.outputs_layer(self.hidden(self.flatten(x)))

    def get_config(self):
        return {**super().get_config(), "num_outputs": self.num_outputs, "width": self.width}
