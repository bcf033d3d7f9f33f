import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.inputs import Inputs
from lossexp.models.pretrained import pretrained
from lossexp.models.scaled_twice import check_scaled_once

PIXELS, RAW_PIXELS = (Inputs("image", (32, 32, 3), scale=scale) for scale in (1 / 255, None))
TABLE, RAW_TABLE = Inputs("table", (2,), scale=(0.1, 2.0), offset=(-5.0, 0.0)), Inputs("table", (2,))


def beginning(*layers: keras.layers.Layer, shape: tuple[int, ...] = (32, 32, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers, keras.layers.Flatten(), keras.layers.Dense(2)])


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.augmented = keras.Sequential([keras.layers.RandomFlip(), keras.layers.Rescaling(1 / 127.5, -1)])

    def call(self, x):
        return self.augmented(x)


def adapted() -> keras.layers.Normalization:
    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(0).normal(50, 3, (100, 2)))
    return layer


@pytest.mark.parametrize("model", [beginning(keras.layers.Rescaling(1 / 255)), Own()])
def test_a_model_that_scales_pixels_gets_them_raw_or_is_refused(model):
    with pytest.raises(InputError, match=r"scales its inputs.*in \[0, 1\] already.*dataset.inputs=raw"):
        check_scaled_once(model, PIXELS)
    check_scaled_once(model, RAW_PIXELS)


def test_a_model_that_was_adapted_to_rows_gets_them_raw_or_is_refused():
    model = beginning(adapted(), shape=(2,))
    with pytest.raises(InputError, match=r"Normalization.*standardised already.*dataset.standardise=false"):
        check_scaled_once(model, TABLE)
    check_scaled_once(model, RAW_TABLE)
    check_scaled_once(beginning(keras.layers.Normalization(), shape=(2,)), TABLE)


def test_scaling_on_from_what_arrives_is_left_alone():
    check_scaled_once(beginning(keras.layers.Rescaling(2.0, -1.0)), PIXELS)
    check_scaled_once(beginning(keras.layers.Rescaling(255.0), keras.layers.Rescaling(1 / 127.5, -1.0)), PIXELS)
    check_scaled_once(pretrained((32, 32, 3), 2, name="EfficientNetB0"), PIXELS)
