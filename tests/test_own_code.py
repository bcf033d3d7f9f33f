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
    if len(calls) > 2:  # the trial, as it is and compiled, is over
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

def clipped(y, p):
    return -tf.math.log(keras.backend.clip(p, 1e-7, 1.0))[:, 0]

def valued(y, p):
    return p[:, 0] + p.numpy().mean()

def asked(y, p):
    return p[:, 0] if tf.reduce_mean(p) > 0 else p[:, 1]

def forgets_to_return(y, p):
    tf.reduce_mean(p, axis=-1)

def power_loss(gamma=2.0):
    def power(y, p):
        return tf.reduce_mean((1 - p) ** gamma, axis=-1)
    return power

def two_powers(gamma=2.0, scale=1.0):
    return power_loss(gamma)

class NoSuper(keras.losses.Loss):
    def __init__(self):
        self.gamma = 2.0

    def call(self, y, p):
        return p[:, 0]

class NoLossCall(keras.losses.Loss):
    pass

class Named(keras.losses.Loss):
    def call(self, y, p):
        return p[:, 0]

def makes_named():
    return Named()

class Trained(keras.Model):
    def __init__(self, num_outputs):
        super().__init__()
        self.flat, self.out = keras.layers.Flatten(), keras.layers.Dense(num_outputs)

    def call(self, x, training=False):
        x = self.augmented(x) if training else x
        return self.out(self.flat(x))

class TakesNothing(Trained):
    def call(self):
        return self.out

class Branching(Trained):
    def call(self, x):
        if tf.reduce_max(x) > 1:
            x = x / 255
        return self.out(self.flat(x))

class Spectral(Trained):
    def call(self, x):
        return self.out(tf.abs(tf.signal.rfft(self.flat(x))))

def several(input_shape, num_outputs):
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    return keras.Model(inputs, {"a": keras.layers.Dense(num_outputs)(x), "b": keras.layers.Dense(1)(x)})

def two_inputs(input_shape, num_outputs):
    inputs = [keras.Input(input_shape), keras.Input(input_shape)]
    x = keras.layers.Flatten()(keras.layers.Add()(inputs))
    return keras.Model(inputs, keras.layers.Dense(num_outputs)(x))

class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, learning_rate, total_steps):
        self.rate = learning_rate

    def __call__(self, step):
        return self.rate if step < 3 else 0.0

def no_schedule(learning_rate, total_steps):
    return lambda step: learning_rate

class ShortBatch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, metrics=None):
        pass

class AtTheEnd(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.nothing()

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
        ([*FUNCTION, "loss.fn._target_=my_losses.counted"], r"^loss\.fn=my_losses\.counted has no gradient"),
        ([*FUNCTION, "loss.fn._target_=my_losses.three"], r"^loss\.fn\._target_=my_losses\.three: .*callable"),
        (
            [*CUSTOM, "loss.fn._target_=my_losses.Unsaved"],
            r"^loss\.fn=my_losses\.Unsaved: TypeError: Cannot serialize",
        ),
        (["model._target_=my_losses.narrow"], r"^model=my_losses\.narrow: Invalid input .{,480}shape \(32, 8, 8, 1\)$"),
        (
            ["trainer.callbacks=[{_target_: my_losses.Short}]"],
            r"^trainer\.callbacks: Short\.on_epoch_end \(.*my_losses\.py, line \d+\) takes \(epoch\)",
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


def own_loss(name, option="function"):
    return (f"loss={option}", "loss.labels=sparse", "loss.on=logits", f"loss.fn._target_=my_losses.{name}")


def own_model(name):
    return ("model=custom", f"model.fn._target_=my_losses.{name}")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            own_loss("clipped"),
            r"^loss\.fn=my_losses\.clipped: AttributeError in .*, in clipped: .*It is keras\.ops\.clip now",
        ),
        (
            own_loss("valued"),
            r"^loss\.fn=my_losses\.valued: AttributeError in .*, in valued: .*compute with keras\.ops",
        ),
        (own_loss("asked"), r"^loss\.fn=my_losses\.asked: OperatorNotAllowed.* in .*, in asked: .*keras\.ops\.where"),
        (own_loss("forgets_to_return"), r"^loss\.fn=forgets_to_return returned nothing"),
        (
            own_loss("power_loss"),
            r"^loss\.fn=power_loss .* takes \(gamma=2\.0\).*loss=custom .*power_loss \+loss\.fn\.gamma=2\.0$",
        ),
        (
            own_loss("two_powers"),
            r"^loss\.fn=two_powers returned the function power_.*gamma=2\.0 \+loss\.fn\.scale=1\.0$",
        ),
        (
            own_loss("NoSuper", "custom"),
            r"^loss\.fn=NoSuper \(.*_losses\.py, line \d+\): its __init__ does not begin",
        ),
        (own_loss("NoLossCall", "custom"), r"^loss\.fn=NoLossCall \(.*\) has no method call\(self, y_true, y_pred\)"),
        (own_model("Trained"), r"^model\.fn=my_losses\.Trained: AttributeError in .*, in call: .*'augmented'"),
        (own_model("TakesNothing"), r"TakesNothing\.call \(.*line \d+\) takes \(\), and gets the inputs"),
        (own_model("Branching"), r"^model\.fn=my_losses\.Branching: OperatorNot.*, in call: .*keras\.ops\.where"),
        ((*own_model("Spectral"), "trainer.precision=mixed_bfloat16"), r"in call: .*trainer\.precision=float32\.$"),
        (own_model("several"), r"a dict of outputs \(a of shape \(32, 10\), b of shape \(32, 1\)\).*a run trains one"),
        (own_model("two_inputs"), "has 2 inputs, and a dataset gives one array"),
        (["schedule._target_=my_losses.Schedule"], r"^schedule=my_losses\.Schedule: OperatorNot.*, in __call__: "),
        (["schedule._target_=my_losses.no_schedule"], r"^schedule=my_losses\.no_schedule returned a function"),
        (["trainer.callbacks=[{_target_: my_losses.ShortBatch}]"], r"ShortBatch\.on_train_batch_end .*\(batch, logs\)"),
    ],
)
def test_what_fails_in_own_code_is_found_before_training(overrides, said, own, tmp_path):
    with pytest.raises(InputError, match=said) as raised:
        job(tmp_path, *overrides)
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "runs").rglob("config.yaml"))  # what is written first when training begins


def test_an_error_at_the_end_of_an_epoch_names_its_line(own, tmp_path):
    with pytest.raises(InputError, match=r"^AttributeError in .*my_losses\.py, line \d+, in on_epoch_end: "):
        job(tmp_path, "trainer.callbacks=[{_target_: my_losses.AtTheEnd}]")


@pytest.mark.parametrize("name", ["power_loss", "two_powers", "makes_named"])
def test_a_factory_makes_the_loss(name, own, tmp_path):
    given = [] if name == "makes_named" else ["+loss.fn.gamma=3"]
    scores, _ = job(tmp_path, *own_loss(name, "custom"), *given, "trainer.epochs=1")
    assert scores.test["accuracy"] >= 0


def test_a_lambda_trains_as_any_function_does(own, tmp_path):
    scores, _ = job(tmp_path, *FUNCTION, "loss.fn._target_=my_losses.unnamed", "trainer.epochs=1")
    assert scores.test["accuracy"] >= 0
