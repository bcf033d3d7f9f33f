import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.models.unet import unet

HEADS = ("linear", "cosine", "norm")


@pytest.mark.parametrize("shape", [(16, 16, 1), (13, 22, 3), (1, 5, 2)])
@pytest.mark.parametrize("head", HEADS)
def test_pictures_of_any_size_have_an_answer_for_each_pixel(shape, head):
    model = unet(shape, 4, head=head, depth=3, filters=2)
    outputs = model(np.zeros((2, *shape), np.float32))
    assert outputs.shape == (2, *shape[:2], 4)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"


@pytest.mark.parametrize("task", ["multiclass", "multilabel", "regression"])
def test_for_other_tasks_the_encoder_answers_for_the_whole_picture(task):
    assert unet((13, 22, 3), 4, task=task, filters=2)(np.zeros((2, 13, 22, 3), np.float32)).shape == (2, 4)


def test_what_a_pixel_is_depends_on_where_it_is():
    """Its answer moves with the picture, by as many pixels as the encoder halves."""
    keras.utils.set_random_seed(0)
    model = unet((32, 32, 1), 3, filters=4)
    x = np.zeros((1, 32, 32, 1), np.float32)
    x[0, 12:16, 12:16] = 1
    here, there = (np.asarray(model(np.roll(x, by, axis=(1, 2)))) for by in (0, 4))
    np.testing.assert_allclose(there[:, 12:24, 12:24], here[:, 8:20, 8:20], atol=1e-5)


def test_the_initial_bias_is_the_heads():
    model = unet((8, 8, 1), 3, initial_bias=-2.0, filters=2)
    np.testing.assert_array_equal(model.layers[-1].bias, [-2.0, -2.0, -2.0])


def test_it_is_saved_and_loaded(tmp_path):
    model = unet((10, 12, 1), 3, filters=2)
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).uniform(size=(2, 10, 12, 1)).astype(np.float32)
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(x), model(x))


def test_tables_are_refused():
    with pytest.raises(InputError, match="model=unet convolves pictures"):
        unet((30,), 2)
