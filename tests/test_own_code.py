"""The user's own losses and models through the main job: refused or explained before and while they train."""

import sys

import pytest

from lossexp.errors import InputError
from tests.test_main_job import job

OWN = """\
import keras
import tensorflow as tf
from lossexp.losses import Adapted
calls = []

def model(input_shape, num_outputs, own_step=False, **_):
    layers = [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(num_outputs)]
    return (OwnStep if own_step else keras.Sequential)(layers)

class OwnStep(keras.Sequential):
    def train_step(self, data):
        return {"loss": 0.0}

def second_time(y, p):
    calls.append(p)
    if len(calls) > 1:
        return tf.undefined(p)
    return tf.reduce_mean(p, axis=-1)

def loss(**_):
    return Adapted(second_time, on="logits", labels="sparse")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "my_losses.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("my_losses", None)


def test_a_models_own_train_step_is_refused_by_the_default_trainer(own, tmp_path):
    with pytest.raises(InputError, match=r"its own train_step.* Use trainer=keras"):
        job(tmp_path, "model._target_=my_losses.model", "+model.own_step=true")


def test_an_error_of_a_users_loss_while_it_trains_names_its_line(own, tmp_path):
    with pytest.raises(InputError, match=r"^AttributeError in .*my_losses\.py, line 17, in second_time: ") as raised:
        job(tmp_path, "loss._target_=my_losses.loss", "model._target_=my_losses.model")
    assert raised.value.__cause__ is not None  # the whole traceback, for the log
