import functools
import logging

import keras
import pytest

from lossexp.base.errors import InputError
from lossexp.models.custom import custom
from lossexp.models.needs import arguments

NEEDS = {"input_shape": (6,), "num_outputs": 3, "head": "linear", "initial_bias": None, "vocabulary_size": 9}


def both(input_shape, num_outputs):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(num_outputs)])


def nothing():
    return both((6,), 3)


def wide(num_outputs, *, width=2, vocabulary_size=None):
    return width, vocabulary_size


def rest(head, **kwargs):
    return kwargs


class Net(keras.Model):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)


class Plain(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (both, {"input_shape", "num_outputs"}),
        (nothing, set()),
        (wide, {"num_outputs", "vocabulary_size"}),
        (functools.partial(wide, width=3), {"num_outputs", "vocabulary_size"}),
        (rest, {"head", "input_shape", "num_outputs"}),
        (Net, {"num_outputs"}),
        (functools.partial(Net, name="net"), {"num_outputs"}),
        (Plain, set()),
    ],
)
def test_a_maker_gets_what_its_signature_names(make, names):
    assert arguments(make, NEEDS, "model._target_=net") == {name: NEEDS[name] for name in names}
    make(**arguments(make, NEEDS, "model._target_=net"))


def test_a_parameter_that_nobody_fills_is_named():
    with pytest.raises(
        InputError, match=r"^model\.fn\._target_=net has no value for classes. Give \+model\.fn\.classes="
    ):
        arguments(lambda input_shape, classes: None, NEEDS, "model.fn._target_=net")


@pytest.mark.parametrize("make", [both, nothing, Net])
def test_a_head_that_the_model_does_not_take_is_refused(make):
    with pytest.raises(
        InputError, match=r"head of the kind 'cosine', and model\.fn\._target_=net takes no argument `head`"
    ):
        arguments(make, {**NEEDS, "head": "cosine"}, "model.fn._target_=net")


def test_a_starting_bias_that_the_model_does_not_take_is_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        arguments(both, {**NEEDS, "initial_bias": -2.0}, "model.fn._target_=net")
    assert "do not start at -2" in caplog.text


@pytest.mark.parametrize("made", [nothing(), 3])
def test_what_is_made_already_is_refused(made):
    with pytest.raises(InputError, match=r"^model\.fn\._target_=net is no function and no class"):
        arguments(made, NEEDS, "model.fn._target_=net")


@pytest.mark.parametrize(
    ("value", "said"), [(None, "returned nothing"), (3, "returned an int"), ((1, 2), "returned a tuple")]
)
def test_what_is_no_model_is_named(value, said):
    with pytest.raises(InputError, match=rf"^model\.fn\._target_=.*{said}.*not a keras\.Model"):
        custom(lambda: value, (6,), 3)


def test_a_function_without_parameters_makes_a_model():
    assert custom(nothing, (6,), 3).output_shape == (None, 3)
