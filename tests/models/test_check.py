import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.models.check import check_kind, check_outputs, squashing_end
from lossexp.models.functional import conv_net
from lossexp.models.mlp import mlp

TABLE = np.random.default_rng(0).normal(size=(32, 6)).astype(np.float32)


def ending(*layers) -> keras.Model:
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, activation="relu"), *layers])


class OwnSoftmax(keras.Model):
    """Probabilities by a function in `call`, which no layer shows."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)

    def call(self, inputs):
        return keras.ops.softmax(self.dense(inputs))


class Gated(keras.Model):
    """Raw outputs, although its last layer by creation is a sigmoid gate."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
        self.gate = keras.layers.Dense(6, activation="sigmoid")

    def call(self, inputs):
        return self.dense(inputs * self.gate(inputs))


@pytest.mark.parametrize("head", ["linear", "cosine", "ordinal", "norm"])
def test_our_models_give_raw_outputs(head, pictures):
    for model, x, num_outputs, task in [
        (conv_net((8, 8, 1), 10, head), pictures, 10, "multiclass"),
        (mlp((6,), 1, head), TABLE, 1, "binary"),
    ]:
        check_outputs(model, x, num_outputs, task)
        assert squashing_end(model) is None


@pytest.mark.parametrize(
    ("last", "name"),
    [
        (lambda: [keras.layers.Dense(3, activation="softmax")], "softmax"),
        (lambda: [keras.layers.Dense(3), keras.layers.Softmax()], "softmax"),
        (lambda: [keras.layers.Dense(3), keras.layers.Activation("softmax")], "softmax"),
        (lambda: [keras.layers.Dense(3, activation="sigmoid")], "sigmoid"),
        (lambda: [keras.layers.Dense(3, activation=keras.activations.hard_sigmoid)], "hard_sigmoid"),
    ],
)
def test_probabilities_are_recognised_by_the_last_layer(last, name):
    with pytest.raises(InputError, match=f"ends with {name}"):
        check_outputs(ending(*last()), TABLE, 3)


def test_one_sigmoid_output_is_recognised():
    with pytest.raises(InputError, match="ends with sigmoid"):
        check_outputs(ending(keras.layers.Dense(1, activation="sigmoid")), TABLE, 1, "binary")


def test_a_nested_softmax_is_recognised():
    inner = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, activation="softmax")])
    with pytest.raises(InputError, match="ends with softmax"):
        check_outputs(ending(inner), TABLE, 3)


def test_probabilities_are_recognised_by_their_sums():
    with pytest.raises(InputError, match=r"in \[0, 1\] and sum to 1"):
        check_outputs(OwnSoftmax(), TABLE, 3)


def test_a_gate_inside_is_not_mistaken_for_the_end():
    model = Gated()
    check_outputs(model, TABLE, 3)
    assert squashing_end(model) == "sigmoid"  # so its outputs alone tell that they are raw
    model.dense.activation = keras.activations.sigmoid
    with pytest.raises(InputError, match="ends with sigmoid"):
        check_outputs(model, TABLE, 3)


def test_a_regression_model_may_be_bounded():
    model = ending(keras.layers.Dense(1, activation="sigmoid"))
    check_outputs(model, TABLE, 1, "regression")
    with pytest.raises(InputError, match="ends with sigmoid"):
        check_outputs(model, TABLE, 1, "binary")


def test_a_wrong_number_of_outputs():
    with pytest.raises(InputError, match=r"returns shape \(32, 4\) for 32 examples.*num_outputs=3"):
        check_outputs(ending(keras.layers.Dense(4)), TABLE, 3)


def test_several_outputs():
    inputs = keras.Input((6,))
    model = keras.Model(inputs, {"a": keras.layers.Dense(3)(inputs), "b": keras.layers.Dense(3)(inputs)})
    with pytest.raises(InputError, match=r"a dict of outputs \(a of shape \(32, 3\), b of shape \(32, 3\)\)"):
        check_outputs(model, TABLE, 3)


def test_outputs_in_half_precision():
    with pytest.raises(InputError, match='dtype="float32"'):
        check_outputs(ending(keras.layers.Dense(3, dtype="mixed_bfloat16")), TABLE, 3)


def test_something_that_is_no_model():
    with pytest.raises(InputError, match="is a function, not a keras"):
        check_kind(lambda x: x)
