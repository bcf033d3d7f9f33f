"""Models from `.keras` files: loaded in safe mode, and held against the dataset."""

import sys
import zipfile

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.models.keras_file import keras_file

OWN = """\
import keras

@keras.saving.register_keras_serializable("my_layers")
class Doubled(keras.layers.Layer):
    def call(self, x):
        return 2 * x
"""


def saved(path, *layers):
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(3)])
    model.save(path / "my.keras")
    return model


def test_a_model_goes_on_from_the_weights_of_its_file(tmp_path):
    model = saved(tmp_path)
    x = np.ones((2, 6), np.float32)
    assert np.array_equal(keras_file((6,), 3, path=tmp_path / "my.keras")(x), model(x))


@pytest.fixture
def doubled(tmp_path, monkeypatch):
    """A file whose model has a layer of the module `my_layers`, which nobody has imported."""
    (tmp_path / "my_layers.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    import my_layers

    saved(tmp_path, my_layers.Doubled())
    keras.saving.get_custom_objects().pop("my_layers>Doubled")
    del sys.modules["my_layers"]
    yield tmp_path / "my.keras"
    keras.saving.get_custom_objects().pop("my_layers>Doubled", None)
    sys.modules.pop("my_layers", None)


def test_a_class_of_a_trusted_package_is_imported(doubled):
    assert keras_file((6,), 3, trusted_packages=["my_layers"], path=doubled).layers[0].name == "doubled"


def test_a_class_of_another_package_is_refused(doubled):
    with pytest.raises(InputError, match=r"objects of the module my_layers.*trusted_packages=\[my_layers\]"):
        keras_file((6,), 3, path=doubled)
    assert "my_layers" not in sys.modules


@pytest.mark.parametrize(
    ("shape", "outputs", "head", "said"),
    [
        ((6,), 4, "linear", "the model has 3 outputs, and this dataset with this loss needs 4"),
        ((5,), 3, "linear", r"takes inputs of shape \(6,\), and this dataset has inputs of shape \(5,\)"),
        ((2, 3), 3, "linear", r"takes inputs of shape \(6,\), and this dataset has inputs of shape \(2, 3\)"),
        ((6,), 3, "cosine", "head of the kind 'cosine'"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_the_shapes(shape, outputs, head, said, tmp_path):
    saved(tmp_path)
    with pytest.raises(InputError, match=rf"^model\.path=.*{said}"):
        keras_file(shape, outputs, head, path=tmp_path / "my.keras")


def damage(path):
    path.write_bytes(b"no archive")


def strip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")


@pytest.mark.parametrize("damage", [damage, strip])
def test_a_damaged_file_is_one_paragraph(damage, tmp_path):
    saved(tmp_path)
    damage(tmp_path / "my.keras")
    with pytest.raises(InputError, match=r"^model\.path=.*(that can be read|cannot be loaded)"):
        keras_file((6,), 3, path=tmp_path / "my.keras")


def test_a_lambda_layer_is_named(tmp_path):
    saved(tmp_path, keras.layers.Lambda(lambda x: 2 * x, name="twice"))
    with pytest.raises(InputError, match="the Lambda layer twice holds Python code"):
        keras_file((6,), 3, path=tmp_path / "my.keras")


@pytest.mark.parametrize(("name", "said"), [("none.keras", "no such file"), ("my.h5", r"model\.save\('my\.keras'\)")])
def test_what_is_no_keras_file_is_refused(name, said, tmp_path):
    (tmp_path / "my.h5").write_bytes(b"")
    with pytest.raises(InputError, match=said):
        keras_file((6,), 3, path=tmp_path / name)
