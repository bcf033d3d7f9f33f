import keras
import numpy as np
import pytest

from lossexp.models.mlp import mlp

TABLE = np.random.default_rng(0).normal(size=(12, 30)).astype(np.float32)


def test_hidden_layers_are_as_listed():
    shapes = [tuple(w.shape) for w in mlp((30,), 2, hidden=[5, 7]).weights]
    assert shapes == [(30, 5), (5,), (5, 7), (7,), (7, 2), (2,)]


def test_no_hidden_layers_make_a_linear_model():
    model = mlp((30,), 1, hidden=[])
    kernel, bias = model.get_weights()
    assert np.allclose(model(TABLE), TABLE @ kernel + bias, atol=1e-5)


def test_pictures_are_flattened(pictures):
    assert mlp((8, 8, 1), 10)(pictures).shape == (16, 10)


def test_dropout_acts_in_training_only():
    model = mlp((30,), 2, dropout=0.5)
    assert np.array_equal(model(TABLE, training=False), model(TABLE, training=False))
    assert not np.array_equal(model(TABLE, training=True), model(TABLE, training=True))


def test_the_activation_is_used():
    assert not np.allclose(*(seeded(activation=name)(TABLE) for name in ("relu", "tanh")))


def seeded(**options) -> keras.Model:
    keras.utils.set_random_seed(0)
    return mlp((30,), 3, **options)


@pytest.mark.parametrize("head", ["linear", "cosine", "ordinal", "norm"])
def test_a_saved_model_predicts_the_same(head, tmp_path):
    model = mlp((30,), 3, head, initial_bias=0.5, dropout=0.2)
    model.save(tmp_path / "model.keras")
    assert np.array_equal(keras.saving.load_model(tmp_path / "model.keras")(TABLE), model(TABLE))
