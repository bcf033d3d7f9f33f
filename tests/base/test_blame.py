"""Errors in the user's own files become one paragraph with file, line and words."""

import importlib
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base.blame import blaming, user_error
from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.experiment.compatibility import try_loss
from lossexp.losses import Adapted, Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

DATA = digits(seed=0, validation_fraction=0.2, test_fraction=0.2, limit=96)
OWN = """\
import keras
import tensorflow as tf
from lossexp.losses import Focal

def unknown(y, p):
    return K.mean(p)

def helped(y, p):
    return helper([], p)

def helper(values, p):
    return p * values[3]

def stated(y, p):
    assert p.shape[-1] == 7, "seven outputs are meant"

def renamed(y, p):
    try:
        return {}["focal"]
    except KeyError:
        raise AttributeError("no such loss")

def asked_of_ours(y, p):
    return Focal(gamma=-1.0)(y, p)

def asserted(y, p):
    tf.debugging.assert_less(tf.reduce_max(p), -100.0, "far too large")
    return tf.reduce_mean(p, axis=-1)

class Layer(keras.layers.Layer):
    broken = False
    def call(self, x):
        return self.nothing(x) if self.broken else x

class Callback(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        return logs["val_f1"]
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_losses.py").write_text(OWN)
    sys.path.append(str(folder))
    yield importlib.import_module("own_losses")
    sys.path.remove(str(folder))


def line(text):
    return 1 + next(i for i, source in enumerate(OWN.splitlines()) if text in source)


def adapted(function):
    return Adapted(function, on="logits", labels="sparse")


def told(train):
    with runtime(0), pytest.raises(Exception) as raised:  # noqa: PT011 - of any kind
        train()
    message = str(user_error(raised.value))
    assert "\n" not in message
    return message


def trained(loss, model=None, callbacks=()):
    model = model or mlp(DATA.input_shape, 10, hidden=[4])
    trainer = Trainer(epochs=1, jit_compile=False, progress=False, callbacks=list(callbacks))
    trainer.fit(Parts(DATA, model, loss, keras.optimizers.SGD(0.1)), seed=0)


CASES = [
    ("unknown", "NameError", "return K.mean(p)", "name 'K' is not defined"),
    ("helped", "IndexError", "return p * values[3]", "list index out of range"),
    ("stated", "AssertionError", "assert p.shape[-1] == 7", "seven outputs are meant"),
    ("renamed", "AttributeError", 'raise AttributeError("no such loss")', "no such loss"),
    ("asked_of_ours", "InputError", "return Focal(gamma=-1.0)(y, p)", "gamma"),
]


@pytest.mark.parametrize(("name", "kind", "source", "words"), CASES)
def test_an_error_in_a_users_loss_names_file_line_and_function(name, kind, source, words, own):
    message = told(lambda: trained(adapted(getattr(own, name))))
    assert message.startswith(f"{kind} in ")
    assert f"own_losses.py, line {line(source)}, in {'helper' if name == 'helped' else name}: " in message
    assert words in message
    assert f"`{source[:40]}" in message


@pytest.mark.parametrize(("name", "kind", "source", "words"), CASES)
def test_it_is_found_before_training(name, kind, source, words, own):
    loss = adapted(getattr(own, name))
    with runtime(0), pytest.raises(InputError, match=rf"^loss={name}: {kind} in .*line {line(source)}"):
        try_loss(loss, mlp(DATA.input_shape, 10, hidden=[4]), DATA, f"loss={name}")


def test_what_a_graph_finds_while_it_runs_names_the_line_that_asked_for_it(own):
    message = told(lambda: trained(adapted(own.asserted)))
    assert f"own_losses.py, line {line('tf.debugging')}, in asserted: assertion failed: [far too large]" in message


def test_an_error_in_a_users_layer_is_told_without_what_keras_and_autograph_wrap_around_it(own):
    layer = own.Layer()
    model = keras.Sequential([keras.Input(DATA.input_shape), keras.layers.Flatten(), layer, keras.layers.Dense(10)])
    layer.broken = True
    message = told(lambda: trained(Focal(), model))
    place = f"own_losses.py, line {line('self.nothing')}, in call: 'Layer' object has no attribute 'nothing'"
    assert place in message
    assert "Exception encountered" not in message


def test_an_error_in_a_users_callback(own):
    message = told(lambda: trained(Focal(), callbacks=[own.Callback()]))
    assert message.startswith("KeyError in ")
    assert f"line {line('val_f1')}, in on_epoch_end: 'val_f1'" in message


def test_nobody_is_blamed_for_what_the_users_code_had_no_part_in():
    def wrong_shape():
        keras.layers.Dense(3)(np.zeros((2, 2, 2)), nonsense=1)

    with pytest.raises(TypeError, match="nonsense") as raised:
        wrong_shape()  # this file called Keras, and lossexp was not in between
    assert user_error(raised.value) is None
    assert user_error(InputError("known")) is None
    with pytest.raises(ValueError, match="gamma") as raised:
        Focal(gamma=-1)  # the user called us
    assert user_error(raised.value) is None


def test_a_file_that_python_cannot_read_is_told_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "unreadable.py").write_text("import keras\n\ndef loss(y, p:\n    return p\n")
    monkeypatch.syspath_prepend(tmp_path)
    with (
        pytest.raises(
            InputError, match=r"^loss=unreadable\.loss: SyntaxError in .*unreadable\.py, line 3: .*`def loss"
        ),
        blaming("loss=unreadable.loss"),
    ):
        importlib.import_module("unreadable")


def test_errors_raised_from_each_other_have_an_end():
    first, second = ValueError("same"), ValueError("same")
    first.__cause__, second.__cause__ = second, first
    assert str(user_error(first, "loss=mine")) == "loss=mine: same"


def test_a_full_memory_is_nobodys_line(own):
    with pytest.raises(tf.errors.ResourceExhaustedError), blaming():
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
