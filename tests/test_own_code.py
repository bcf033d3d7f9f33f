"""The user's own losses and models through the main job: refused or explained before and while they train."""

import sys

import pytest

from lossexp.base.errors import InputError
from tests.jobs import job

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

def frozen(input_shape, num_outputs, **_):
    made = model(input_shape, num_outputs)
    made.trainable = False
    return made

def empty(**_):
    return keras.Sequential([])

def narrow(**_):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(10)])

class NoCall(keras.Model):
    def __init__(self, **_):
        super().__init__()

def counted(y, p):
    return tf.cast(tf.argmax(p, axis=-1), tf.float32)

class Unsaved(keras.losses.Loss):
    def call(self, y, p):
        return p[:, 0]

    def get_config(self):
        return {"value": object()}

unnamed = lambda y, p: tf.reduce_mean((p - 1) ** 2, axis=-1)
three = 3

class Short(keras.callbacks.Callback):
    def on_epoch_end(self, epoch):
        pass

class Broken(keras.callbacks.Callback):
    def __init__(self):
        raise RuntimeError("no such thing")

def loss(**_):
    return Adapted(second_time, on="logits", labels="sparse")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    sys.modules.pop("my_losses", None)  # another test's
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


FUNCTION = ("loss=function", "loss.tasks=[multiclass]", "loss.labels=sparse", "loss.on=logits")
CUSTOM = ("loss=custom", "loss.labels=sparse", "loss.on=logits")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["model._target_=my_losses.frozen"], r"model .* has no trainable weights"),
        (["model._target_=my_losses.empty"], r"^model=my_losses\.empty: Sequential model .* no layers"),
        (["model._target_=my_losses.NoCall"], r"^model=my_losses\.NoCall: .*does not have a `call\(\)` method"),
        ([*FUNCTION, "loss.fn._target_=my_losses.counted"], r"^loss=counted has no gradient"),
        ([*FUNCTION, "loss.fn._target_=my_losses.three"], r"^loss\.fn\._target_=my_losses\.three: .*callable"),
        (
            [*CUSTOM, "loss.fn._target_=my_losses.Unsaved"],
            r"^loss=lossexp\.losses\.Adapted: TypeError: Cannot serialize",
        ),
        (["model._target_=my_losses.narrow"], r"^model=my_losses\.narrow: Invalid input .{,480}shape \(32, 8, 8, 1\)$"),
        (
            ["trainer.callbacks=[{_target_: my_losses.Short}]"],
            r"^trainer\.callbacks: Short cannot .*on_epoch_end\(\) takes",
        ),
        (
            ["trainer.callbacks=[{_target_: keras.callbacks.History}, {_target_: my_losses.Broken}]"],
            r"^trainer\.callbacks\[1\]=my_losses\.Broken: RuntimeError in .*my_losses\.py, line \d+, in __init__",
        ),
    ],
)
def test_what_cannot_work_is_one_paragraph_that_names_the_setting(overrides, said, own, tmp_path):
    with pytest.raises(InputError, match=said):
        job(tmp_path, *overrides)


def test_a_lambda_trains_as_any_function_does(own, tmp_path):
    scores, _ = job(tmp_path, *FUNCTION, "loss.fn._target_=my_losses.unnamed", "trainer.epochs=1")
    assert scores.test["accuracy"] >= 0
