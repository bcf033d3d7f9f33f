"""A user's own data, from a function or a folder, through a whole run and out of its saved model again."""

import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from lossexp.base.errors import InputError
from lossexp.experiment.inference import predict
from lossexp.metrics import load_outputs
from tests.jobs import asked, job

OWN = """
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

PIXELS = (load_digits().images * 15).astype("uint8")
DIGITS = load_digits().target

def stream(count=1797, seed=0):
    return tf.data.Dataset.from_tensor_slices((PIXELS[:count], DIGITS[:count])).shuffle(count)

def arrays(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=None):
    return (PIXELS[:1500], DIGITS[:1500]), (PIXELS[1500:], DIGITS[1500:])

def broken(**settings):
    return PIXELS.labels
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "my_losses.py").write_text(OWN)
    monkeypatch.setitem(sys.modules, "my_losses", None)  # what it was is put back, if anything
    del sys.modules["my_losses"]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("LOSSEXP_DATA_DIR", str(tmp_path / "cache"))
    return tmp_path


CUSTOM = ("dataset=custom", "dataset.fn._target_=my_losses.stream", "+dataset.fn.count=400", "dataset.limit=null")


def test_a_stream_trains_is_saved_and_predicts_the_same_again(own):
    result, run_dir = job(own, *CUSTOM, "trainer.epochs=8")
    assert result.test["accuracy"] > 0.7
    expected = load_outputs(run_dir / "test_outputs.npz")
    again = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict", trusted=("my_losses",))))
    assert again["predicted"].tolist() == expected.predicted().tolist()
    assert again["label"].tolist() == expected.labels.tolist()


def test_a_target_of_the_users_own_may_return_arrays(own):
    result, _ = job(own, "dataset._target_=my_losses.arrays", "trainer.epochs=1")
    assert 0 < result.test["accuracy"] <= 1


@pytest.mark.parametrize("choice", [("dataset=custom", "dataset.fn._target_"), ("dataset=digits", "dataset._target_")])
def test_an_error_in_the_users_function_is_told_with_its_place(own, choice):
    option, target = choice
    with pytest.raises(InputError, match=r"AttributeError in .*my_losses\.py, line 16, in broken"):
        job(own, option, f"{target}=my_losses.broken")


def test_pictures_in_folders_are_what_the_saved_model_takes(tmp_path):
    digits = load_digits()
    for i, (picture, digit) in enumerate(zip(digits.images[:300] * 15, digits.target)):
        folder = tmp_path / "pictures" / ("train" if i < 240 else "test") / f"a{digit}"
        folder.mkdir(parents=True, exist_ok=True)
        keras.utils.save_img(folder / f"{i:03}.png", picture[..., None], scale=False)
    own = ("dataset=images", f"dataset.path={tmp_path / 'pictures'}", "dataset.size=[8,8]", "dataset.color=grey")
    _, run_dir = job(tmp_path, *own, "dataset.limit=null")
    files = sorted((tmp_path / "pictures" / "test").glob("*/*.png"))
    pixels = np.stack([keras.utils.img_to_array(keras.utils.load_img(f, color_mode="grayscale")) for f in files])
    np.savez(tmp_path / "new.npz", x=pixels.astype(np.uint8))
    again = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict", tmp_path / "new.npz")))
    expected = load_outputs(run_dir / "test_outputs.npz")
    assert again["predicted"].tolist() == [expected.class_names[k] for k in expected.predicted()]
