"""A model that does not come back from its file is told before it trains, by its class or layer and what would help."""

import random
import re

import keras
import numpy as np
import pytest

from lossexp.models.functional import conv_net
from lossexp.models.mlp import mlp
from lossexp.models.saving_check import is_savable
from lossexp.models.sparse_mlp import sparse_mlp
from lossexp.models.subclassed import ConvNet

X = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)


class NoConfig(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.dense = keras.layers.Dense(units)

    def call(self, x):
        return self.dense(x)


@keras.saving.register_keras_serializable("tests")
class Stretched(keras.layers.Layer):
    """`forgets` leaves `scale` out of get_config."""

    def __init__(self, scale=1.0, forgets=False, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.forgets = scale, forgets

    def call(self, x):
        return self.scale * x

    def get_config(self):
        own = {} if self.forgets else {"scale": self.scale}
        return {**super().get_config(), **own, "forgets": self.forgets}


@keras.saving.register_keras_serializable("tests")
class Unserializable(Stretched):
    def get_config(self):
        return {**super().get_config(), "scale": object()}


@keras.saving.register_keras_serializable("tests")
class Raising(Stretched):
    def get_config(self):
        return {"scale": self.factor}


class Unregistered(Stretched):
    pass


@keras.saving.register_keras_serializable("tests")
class Noisy(keras.layers.Layer):
    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x))


def ending(*layers) -> keras.Model:
    return keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(3)])


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (lambda: mlp((6,), 3, dropout=0.5), X),
        (lambda: sparse_mlp((6,), 3), X),
        (lambda: ConvNet((8, 8, 1), 3), np.ones((2, 8, 8, 1), np.float32)),
        (lambda: conv_net((8, 8, 1), 3, "cosine"), np.ones((2, 8, 8, 1), np.float32)),
        (lambda: ending(Stretched(2.0)), X),
        (lambda: ending(keras.layers.BatchNormalization(), keras.layers.GaussianNoise(1.0)), X),
    ],
)
def test_what_comes_back_as_it_was_is_savable(model, x, caplog):
    assert is_savable(model(), x)
    assert not caplog.text


TWICE = keras.layers.Lambda(lambda x: 2 * x, name="twice")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: NoConfig(3), r"model no_config \(NoConfig\) .*class NoConfig \(\S+, line \d+\) has no get_config"),
        (lambda: ending(TWICE), "the Lambda layer twice holds .* a named layer in its place"),
        (
            lambda: ending(Stretched(2.0, forgets=True)),
            r"other outputs\. get_config of the class Stretched .* lacks scale",
        ),
        (lambda: ending(Unregistered(2.0)), r"the class Unregistered \(\S+, line \d+\) is not registered with Keras"),
        (lambda: ending(Unserializable(2.0)), r"TypeError: Cannot serialize object"),
        (lambda: ending(Raising(2.0)), r"AttributeError in .*test_saving_check\.py, line \d+, in get_config.*'factor'"),
    ],
)
def test_what_does_not_come_back_is_named_with_what_would_help(model, said, caplog):
    model = model()
    model(X)
    assert not is_savable(model, X)
    [record] = caplog.records
    assert re.search(said, record.message), record.message
    assert "model.weights.h5" in record.message
    assert "register_keras_serializable" in record.message
    assert len(record.message) < 900


def test_the_trial_leaves_model_and_randomness_as_they_were():
    keras.utils.set_random_seed(1)
    model = ending(keras.layers.Dropout(0.5), Noisy())
    before, state = model.get_weights(), random.getstate()
    first = np.random.get_state()[1].copy()
    is_savable(model, X)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert random.getstate() == state
    assert np.array_equal(np.random.get_state()[1], first)
    drawn = keras.random.normal((3,))
    keras.utils.set_random_seed(1)
    ending(keras.layers.Dropout(0.5), Noisy())
    assert np.array_equal(keras.random.normal((3,)), drawn)


def test_a_model_with_noise_at_inference_is_not_said_to_come_back_otherwise(caplog):
    assert is_savable(ending(Noisy()), X)
