"""Adapted losses: Keras's own, plain functions, and users' classes."""

import functools
import importlib
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.config import build
from lossexp.losses import Adapted, CrossEntropy, Focal, as_loss
from tests.losses.options import OPTIONS, config, make

RNG = np.random.default_rng(0)
Z = RNG.normal(0.0, 2.0, [5, 3]).astype(np.float32)
CLASSES = np.array([0, 2, 1, 1, 0])
KERAS_CLASSES = {
    name
    for name, member in inspect.getmembers(keras.losses, inspect.isclass)
    if issubclass(member, keras.losses.Loss) and member is not keras.losses.Loss
}
KERAS_FUNCTIONS = {
    name
    for name, member in inspect.getmembers(keras.losses, inspect.isfunction)
    if name not in ("get", "serialize", "deserialize")
}


@pytest.fixture
def my_losses(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "docs" / "examples")
    yield importlib.import_module("my_losses")
    sys.modules.pop("my_losses")


def test_every_keras_class_has_an_option():
    targets = {config(option)["_target_"] for option in OPTIONS}
    assert {t.removeprefix("keras.losses.") for t in targets if t.startswith("keras")} == KERAS_CLASSES
    assert len(KERAS_CLASSES) == 22


@pytest.mark.parametrize("name", sorted(KERAS_FUNCTIONS))
def test_every_keras_function_is_known(name):
    arguments = {"dice": {"axis": [1]}, "tversky": {"axis": [1]}}.get(name, {})
    arguments |= {"q": 0.5} if name == "categorical_generalized_cross_entropy" else {}
    loss = make("function", fn={"_target_": f"keras.losses.{name}", "_partial_": True, **arguments}, reduction="none")
    labels = {"binary": CLASSES > 0, "values": CLASSES + 0.5}.get(loss.labels, CLASSES)
    outputs = Z[:, :1] if loss.labels in ("binary", "values") else Z
    values = loss(labels, outputs)
    assert values.shape == (5,)
    if name != "circle":  # whose value needs two examples of a class
        assert np.isfinite(values).all()


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.startswith("keras_")])
def test_from_logits_wherever_keras_has_it(option):
    if "from_logits" in config(option):
        assert config(option)["from_logits"] is True
        assert make(option).on == "logits"


def test_probabilities_are_made_of_logits():
    for link, function in (("softmax", tf.nn.softmax), ("sigmoid", tf.nn.sigmoid)):
        labels = "onehot" if link == "softmax" else "binary"
        loss = Adapted(lambda y_true, y_pred: y_pred, labels=labels, on="probabilities")
        y = tf.one_hot(CLASSES, 3)
        np.testing.assert_allclose(loss.call(y, Z), tf.reduce_mean(function(Z), -1), 1e-6)
        assert loss.link == link


def test_positive_values_are_softplus_of_outputs():
    loss = Adapted(keras.losses.Poisson())
    z = Z[:, :1]
    np.testing.assert_allclose(
        loss.call(CLASSES, z),
        keras.losses.poisson(CLASSES[:, None].astype("float32"), tf.nn.softplus(z)),
        1e-6,
    )
    assert (loss.on, loss.link, loss.tasks) == ("positive", "softplus", ("regression",))


def test_embeddings_have_length_one():
    loss = Adapted(lambda y, e: tf.reduce_sum(e**2, -1), labels="sparse", on="embeddings")
    np.testing.assert_allclose(loss.call(CLASSES, Z), 1.0, 1e-6)


def test_ctc_of_one_frame_is_cross_entropy():
    expected = keras.losses.sparse_categorical_crossentropy(CLASSES, Z, from_logits=True)
    np.testing.assert_allclose(make("keras_ctc").call(CLASSES, Z), expected, 1e-5)


def test_class_numbers_arrive_as_integers_and_one_hot_from_any_encoding():
    """Keras makes floats of labels, which breaks the tf.one_hot of tutorials."""

    def tutorial(y_true, y_pred):
        return -tf.reduce_sum(tf.one_hot(y_true, 3) * tf.nn.log_softmax(y_pred), -1)

    expected = keras.losses.sparse_categorical_crossentropy(CLASSES, Z, from_logits=True)
    loss = Adapted(tutorial, on="logits", labels="sparse", reduction=None)
    np.testing.assert_allclose(loss(CLASSES.astype(np.float32), Z), expected, 1e-5)
    dense = as_loss(keras.losses.CategoricalCrossentropy(from_logits=True))
    for labels in (CLASSES, CLASSES[:, None], np.eye(3)[CLASSES]):
        np.testing.assert_allclose(dense.call(labels, Z), expected, 1e-5)


def test_values_of_several_axes_are_averaged():
    loss = Adapted(lambda y, p: (y - p) ** 2, on="values")
    y, p = RNG.normal(size=[2, 5, 4]).astype(np.float32)
    np.testing.assert_allclose(loss.call(y, p), ((y - p) ** 2).mean(-1), 1e-5)


def test_rows_and_columns_do_not_broadcast():
    loss = Adapted(lambda y, p: tf.reduce_mean((y - p) ** 2, -1), on="values")
    y, p = RNG.normal(size=[2, 5]).astype(np.float32)
    for a in (y, y[:, None]):
        for b in (p, p[:, None]):
            np.testing.assert_allclose(loss.call(a, b), (y - p) ** 2, 1e-5)
    with pytest.raises(ValueError, match="does not fit"):
        loss.call(y, np.zeros([5, 2], np.float32))


def test_one_number_for_the_batch_is_that_of_each_of_its_examples():
    loss, own = as_loss(keras.losses.Dice()), keras.losses.Dice()
    one = own(tf.one_hot(CLASSES, Z.shape[-1]), tf.nn.softmax(Z))
    np.testing.assert_allclose(loss.call(CLASSES, Z), np.full(len(Z), one), 1e-6)
    np.testing.assert_allclose(loss(CLASSES, Z), one, 1e-6)
    compiled = tf.function(loss, input_signature=[tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, Z.shape[-1]])])
    np.testing.assert_allclose(compiled(CLASSES, Z), one, 1e-6)


def test_unknown_losses_must_say_what_they_work_on():
    def mine(y, p):
        return p

    for given in ({}, {"labels": "onehot"}, {"on": "logits"}):
        with pytest.raises(ValueError, match=r"not one of Keras's losses.*on=one of logits.*labels=one of sparse"):
            Adapted(mine, **given)
    assert Adapted(mine, on="values").tasks == ("regression",)
    assert Adapted(mine, on="logits", labels="binary").link == "sigmoid"
    assert Adapted(mine, on="logits", labels="sparse").tasks == ("multiclass", "binary", "ordinal")
    with pytest.raises(ValueError, match="instance"):
        Adapted(keras.losses.Huber)
    for argument, value in (("on", "z"), ("labels", "ordinal"), ("tasks", ["ranking"]), ("link", "logit")):
        with pytest.raises(ValueError, match=rf"\.{argument}(\[0\])?="):
            Adapted(keras.losses.huber, **{argument: value})


def test_a_regression_loss_on_probabilities():
    """The square loss for classification: Hui and Belkin 2020, with probabilities for logits."""
    loss = Adapted(keras.losses.MeanSquaredError(), labels="onehot", on="probabilities")
    assert (loss.tasks, loss.link) == (("multiclass", "binary", "ordinal"), "softmax")
    expected = np.mean((tf.nn.softmax(Z).numpy() - np.eye(3)[CLASSES]) ** 2, axis=-1)
    np.testing.assert_allclose(loss.call(CLASSES, Z), expected, 1e-5)
    with pytest.raises(ValueError, match="labels=onehot"):
        Adapted(keras.losses.MeanSquaredError(), on="probabilities")


def test_subclasses_of_keras_losses_are_known():
    class Mine(keras.losses.MeanSquaredError):
        pass

    assert as_loss(Mine()).labels == "values"


def test_as_loss():
    ours = Focal()
    assert as_loss(ours) is ours
    theirs = as_loss(keras.losses.Huber(delta=2.0, reduction="sum", name="mine"))
    assert (theirs.reduction, theirs.name) == ("sum", "mine")
    assert as_loss(keras.losses.huber).name == "huber"


@pytest.mark.parametrize(
    "fn",
    [
        keras.losses.Huber(delta=3.0),
        keras.losses.huber,
        functools.partial(keras.losses.huber, delta=3.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1),
        keras.losses.CosineSimilarity(axis=-1),
        keras.losses.CategoricalGeneralizedCrossEntropy(q=0.3),
    ],
    ids=["class", "function", "partial", "sparse", "cosine", "gce"],
)
def test_saving_keeps_arguments(fn):
    """Also those that Keras 3.15's get_config forgets."""
    loss = Adapted(fn, reduction="sum")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    outputs = Z[:, :1] if loss.labels == "values" else Z
    np.testing.assert_array_equal(copy(CLASSES, 5 * outputs), loss(CLASSES, 5 * outputs))
    assert copy.get_config() == loss.get_config()


def test_ignored_classes_of_keras_do_not_count():
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)
    np.testing.assert_allclose(as_loss(theirs)(CLASSES, Z), theirs(CLASSES, Z), 1e-6)


def test_the_examples_in_docs(my_losses):
    def built(option, target, **arguments):
        changes = {"fn": {**config(option)["fn"], "_target_": f"my_losses.{target}"}}
        changes["fn"].pop("delta")
        changes["fn"] |= arguments
        return build({**config(option), **changes, "on": "values"}, "loss", ["my_losses"])

    y, p = np.zeros(3, np.float32), np.array([1.0, 5.0, -20.0], np.float32)
    wing = built("function", "wing", _partial_=True, width=3)
    np.testing.assert_allclose(wing.call(y, p)[0], 3 * np.log1p(1 / 2), 1e-6)
    np.testing.assert_allclose(built("custom", "MyMeanSquaredError")(y, p), 142.0, 1e-6)
    confidence = Adapted(my_losses.Confidence(power=2), on="probabilities", labels="onehot")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(confidence))
    np.testing.assert_array_equal(copy.call(CLASSES, Z), confidence.call(CLASSES, Z))


def sparse(y, p):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(y, tf.int32), p)


@dataclass
class WithoutHash:
    weight: float = 1.0

    def __call__(self, y, p):
        return self.weight * sparse(y, p)


OWN_NAMES = [
    Adapted(lambda y, p: sparse(y, p), on="logits", labels="sparse"),
    Adapted(functools.partial(lambda y, p, w: w * sparse(y, p), w=1.0), on="logits", labels="sparse"),
    Adapted(sparse, on="logits", labels="sparse", name="_my loss (2)/é"),
    CrossEntropy(name="a=b, c:d"),
    CrossEntropy(name="é"),
    Adapted(WithoutHash(), on="logits", labels="sparse"),
]


@pytest.mark.parametrize("loss", OWN_NAMES)
def test_any_name_can_be_compiled(loss):
    """A graph has a scope of the loss's name, and TensorFlow takes few characters there."""
    y, z = tf.constant([0, 2]), tf.constant([[1.0, 2.0, 3.0], [0.5, 0.0, -1.0]])
    np.testing.assert_allclose(tf.function(loss, autograph=False)(y, z), CrossEntropy()(y, z), 1e-6)
    assert [loss.name for loss in OWN_NAMES[:4]] == ["lambda", "lambda", "my_loss_2", "a_b_c_d"]


class Hundredfold(keras.losses.SparseCategoricalCrossentropy):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return 100.0 * super().__call__(y_true, y_pred, sample_weight)


@pytest.mark.parametrize("base", [Hundredfold, type("Below", (Hundredfold,), {})])
def test_a_keras_loss_with_its_own_call_operator_is_refused(base):
    with pytest.raises(InputError, match=rf"fn={base.__name__} has its own __call__, which would not be used"):
        as_loss(base(from_logits=True))


@pytest.mark.parametrize("fn", ["mse", None, 3, {"a": 1}])
def test_what_is_no_loss_at_all_is_refused(fn):
    with pytest.raises(InputError, match=r"^Adapted\.fn=.*: give a function"):
        as_loss(fn)
