"""Networks of keras.applications: the inputs they were trained on, and weights from files. Nothing is downloaded."""

import inspect
import typing

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.models.application import Application
from lossexp.models.pretrained import ApplicationInputs, pretrained

NAMES = typing.get_args(Application)
MODULES = sorted({getattr(keras.applications, name).__module__.rpartition(".")[2] for name in NAMES})
PICTURES = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)


def test_the_names_are_keras_own():
    functions = inspect.getmembers(keras.applications, inspect.isfunction)
    assert list(NAMES) == [name for name, _ in functions]


@pytest.mark.parametrize("module", MODULES)
def test_pixels_arrive_as_the_networks_own_function_makes_them(module):
    expected = getattr(keras.applications, module).preprocess_input(255.0 * PICTURES.copy())
    assert np.allclose(ApplicationInputs(module)(PICTURES), expected, atol=1e-4)
    assert np.allclose(ApplicationInputs(module, white=255.0)(255.0 * PICTURES), expected, atol=1e-4)


def test_one_channel_is_repeated():
    grey = ApplicationInputs("mobilenet")(PICTURES[..., :1])
    assert grey.shape == (2, 32, 32, 3)
    assert np.array_equal(grey[..., 0], grey[..., 2])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A network with weights of its own, saved as weights and whole."""
    keras.utils.set_random_seed(1)
    folder = tmp_path_factory.mktemp("weights")
    network = keras.applications.MobileNet(weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3))
    network.save_weights(folder / "mine.weights.h5")
    network.save(folder / "mine.keras")
    return network, folder


@pytest.mark.parametrize("file", ["mine.weights.h5", "mine.keras"])
def test_weights_come_from_a_file(file, files):
    network, folder = files
    model = pretrained((32, 32, 3), 5, name="MobileNet", weights=folder / file, trainable=False)
    features = network(keras.applications.mobilenet.preprocess_input(255.0 * PICTURES.copy()))
    assert np.allclose(model(PICTURES), model.layers[-1](features), atol=1e-4)
    assert [tuple(v.shape) for v in model.trainable_variables] == [(1024, 5), (5,)]


def test_a_frozen_network_is_as_in_inference_while_the_head_trains(files):
    model = pretrained((32, 32, 3), 5, name="MobileNet", weights=files[1] / "mine.weights.h5", trainable=False)
    assert np.array_equal(model(PICTURES, training=True), model(PICTURES, training=False))


def test_small_grey_pictures_are_resized(files):
    model = pretrained((8, 8, 1), 5, "cosine", name="MobileNet", size=32)
    outputs = keras.ops.convert_to_numpy(model(np.ones((2, 8, 8, 1), np.float32)))
    assert outputs.shape == (2, 5)
    assert np.abs(outputs).max() <= 1
    assert len(model.trainable_variables) > 50


def test_it_comes_back_from_its_file(tmp_path, files):
    model = pretrained((16, 16, 1), 5, name="MobileNet", size=32, weights=files[1] / "mine.keras")
    model.save(tmp_path / "model.keras")
    x = PICTURES[:, :16, :16, :1]
    assert np.allclose(keras.saving.load_model(tmp_path / "model.keras")(x), model(x), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "given", "said"),
    [
        ((8, 8, 1), {}, r"MobileNetV2 takes pictures of at least 32 x 32, and they are 8 x 8\. Set model\.size"),
        ((8, 8, 1), {"size": 20}, "at least 32 x 32, and they are 20 x 20"),
        ((8,), {}, r"takes pictures \(height, width, 1 or 3\)"),
        ((32, 32, 4), {}, r"takes pictures \(height, width, 1 or 3\)"),
        ((32, 32, 3), {"name": "MobileNetV5"}, r"^model\.name=MobileNetV5: .*Did you mean MobileNetV2"),
        ((32, 32, 3), {"weights": "none.h5"}, r"^model\.weights=none\.h5: there is no such file"),
        ((32, 32, 3), {"trainable": False}, r"^model\.trainable=false .*at random"),
        ((32, 32, 3), {"weights": "a.h5", "download": True}, "two sources of weights"),
    ],
)
def test_what_cannot_work_is_refused(shape, given, said):
    with pytest.raises(InputError, match=said):
        pretrained(shape, 5, **given)


def test_weights_of_another_network_are_refused(files):
    with pytest.raises(InputError, match=r"are not the weights of VGG16 without its classifier"):
        pretrained((32, 32, 3), 5, name="VGG16", weights=files[1] / "mine.weights.h5")
