"""Raw rows in, the right outputs out: of the model that trains, of the one that is kept, and of its file."""

import keras
import numpy as np
import pytest

from lossexp.base import links
from lossexp.datasets.assemble import assemble
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.targets import scale_targets
from lossexp.models.mlp import mlp
from lossexp.models.preprocessing import preprocessed, served
from lossexp.models.subclassed import ConvNet

DRAW = np.random.default_rng(0)
LABELS = np.arange(60) % 3


def assembled(x, y=LABELS, task="multiclass", **settings) -> Dataset:
    names = ("a", "b", "c") if task == "multiclass" else ()
    return assemble(
        "mine",
        task,
        Split(x, y),
        test=Split(x[:12], y[:12]),
        class_names=names,
        seed=0,
        validation_fraction=0.2,
        **settings,
    )


def embedding(data):
    return keras.Sequential(
        [keras.layers.Embedding(data.inputs.vocabulary, 4), keras.layers.Flatten(), keras.layers.Dense(3)]
    )


def recurrent(data):
    return keras.Sequential([keras.Input(data.input_shape), keras.layers.LSTM(4), keras.layers.Dense(3)])


CASES = {
    "pictures": (DRAW.integers(0, 256, (60, 5, 6), dtype=np.uint8), {}, lambda d: ConvNet(d.input_shape, 3, filters=2)),
    "deep pictures": (DRAW.integers(0, 2**16, (60, 5, 6), dtype=np.uint16), {"inputs": "image"}, None),
    "table": (DRAW.normal([0, 1e3, 0.02], [1, 10, 0.01], (60, 3)), {}, None),
    "series": (DRAW.normal(5, 9, (60, 7, 2)), {"inputs": "series"}, recurrent),
    "tokens": (DRAW.integers(0, 50, (60, 7)), {"inputs": "tokens"}, embedding),
}


def seen(data: Dataset) -> np.ndarray:
    """What the user's model should get, computed by NumPy."""
    x = data.test.x
    scale = 1.0 if data.inputs.scale is None else np.array(data.inputs.scale)
    x = x if data.inputs.kind == "tokens" else (x * scale + data.inputs.offset).astype(np.float32)
    return x.reshape(len(x), *data.inputs.shape)


@pytest.mark.parametrize("case", CASES)
def test_a_model_takes_raw_rows_and_its_file_does(case, tmp_path):
    x, settings, make = CASES[case]
    data = assembled(x, **settings)
    own = make(data) if make else mlp(data.input_shape, 3)
    model = preprocessed(own, data)
    expected = own.predict(seen(data), verbose=0)
    np.testing.assert_allclose(model.predict(data.test.x, verbose=0), expected, atol=1e-5)
    served(model, data, "softmax").save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(data.test.x, verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize("link", links.VALUE_LINKS)
def test_what_is_kept_of_a_regression_gives_values_in_the_original_unit(link, tmp_path):
    y = DRAW.normal(1.7e9, 1000, 60)
    data = assembled(DRAW.normal(size=(60, 3)), y, "regression")
    data = scale_targets(data, shift=not links.named(link).positive)
    model = preprocessed(mlp(data.input_shape, links.named(link).width(0)), data)
    outputs = model.predict(data.test.x, verbose=0)
    served(model, data, link).save(tmp_path / "model.keras")
    values = keras.saving.load_model(tmp_path / "model.keras").predict(data.test.x, verbose=0)
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, data.original(links.predicted_values(outputs, link)), atol=1e-3)


def test_features_far_from_0_are_scaled_in_float64(tmp_path):
    """Not through `predict`, which rounds all inputs to float32."""
    data = assembled(DRAW.normal([0, 1e9], [1, 1], (60, 2)))
    own = mlp(data.input_shape, 3)
    preprocessed(own, data).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(data.test.x), own(seen(data)), atol=1e-5)


def test_a_model_starts_where_it_is_told():
    data = assembled(DRAW.normal(size=(60, 3)), DRAW.normal(5, 1, 60), "regression")
    own = mlp(data.input_shape, 1)
    shift = preprocessed(own, data, [7.5]).predict(data.test.x, verbose=0) - preprocessed(own, data).predict(
        data.test.x, verbose=0
    )
    np.testing.assert_allclose(shift, 7.5, rtol=1e-5)


def test_a_model_of_inputs_that_stay_as_they_are_is_itself():
    data = assembled(DRAW.normal(size=(60, 3)), standardise=False)
    own = mlp(data.input_shape, 3)
    assert preprocessed(own, data) is own


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_scaling_keeps_its_digits_under_mixed_precision(precision):
    keras.config.set_dtype_policy(precision)
    try:
        data = assembled(DRAW.normal(1e6, 1, (60, 3)))
        end = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear", dtype="float32")])
        np.testing.assert_allclose(preprocessed(end, data)(data.test.x), seen(data), atol=1e-2)
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_picture_of_bytes_is_the_same_number_on_both_ways():
    x = DRAW.integers(0, 256, (60, 4, 4, 1), dtype=np.uint8)
    data = assembled(x)
    end = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    found = preprocessed(end, data).predict(data.test.x, verbose=0)
    np.testing.assert_allclose(found, data.test.x.reshape(12, -1) / 255, rtol=3e-7)
