"""What every option of `conf/loss` keeps: the contract of `lossexp.losses.Loss`."""

from __future__ import annotations

import inspect
from typing import get_args

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.config import float_parameters, locate
from lossexp.datasets.dataset import Task
from lossexp.losses import Adapted, Loss
from lossexp.losses.base.multiclass import MulticlassLoss
from tests.losses.options import BATCH, FOLDER, OPTIONS, batch, config, make, num_classes

every_option = pytest.mark.parametrize("option", OPTIONS)
WEIGHTS = np.random.default_rng(1).uniform(0.0, 2.0, BATCH).astype(np.float32)


@every_option
def test_keys_are_the_constructor_arguments(option):
    text = (FOLDER / f"{option}.yaml").read_text()
    assert text.startswith("# ")
    written = config(option)
    target = locate(written.pop("_target_"), "loss")
    arguments = [p for p in inspect.signature(target).parameters if p not in ("name", "dtype")]
    assert sorted(written) == sorted(arguments)
    for name in float_parameters(target):
        numbers = written.get(name) if isinstance(written.get(name), list) else [written.get(name)]
        assert not any(type(number) is int for number in numbers), f"{name}: write 2.0, not 2"


def test_names_differ_early():
    """So that two options do not look the same in a table's narrow column."""
    assert len({option[:10] for option in OPTIONS}) == len(OPTIONS)


@every_option
def test_declarations(option):
    loss = make(option)
    assert isinstance(loss, Loss)
    assert set(loss.tasks) <= set(get_args(Task))
    assert loss.tasks
    assert loss.labels in ("sparse", "onehot", "binary", "values")
    assert loss.head in ("linear", "cosine", "ordinal", "norm")
    assert loss.num_outputs(4) >= 1


@every_option
def test_one_float32_value_per_example(option):
    """Whatever the dtype of logits and labels, and when `call` is used directly."""
    y_true, outputs = batch(make(option))
    for dtype in ("float16", "bfloat16", "float32"):
        rounded = tf.cast(outputs, dtype)
        values = make(option).call(y_true, rounded)
        assert values.dtype == tf.float32
        assert values.shape == (BATCH,)
        np.testing.assert_array_equal(values, make(option).call(y_true, tf.cast(rounded, tf.float32)))


@every_option
def test_finite_gradients_in_graphs(option):
    loss = make(option)
    y_true, outputs = batch(loss)

    @tf.function
    def gradient(outputs):
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            value = loss(y_true, outputs)
        return tape.gradient(value, outputs)

    assert np.isfinite(gradient(outputs)).all()
    assert np.any(gradient(outputs))


@every_option
def test_reductions_and_sample_weights(option):
    y_true, outputs = batch(make(option))
    values = make(option).call(y_true, outputs)
    counted = np.asarray(getattr(values, "_keras_mask", np.ones(BATCH, bool)))
    values = values.numpy() * counted
    # A mean over weights counts the weights of classes too.
    weighs = getattr(make(option), "weighs_classes", False)
    per_class = make(option).example_weights(tf.one_hot(y_true, num_classes(make(option)))).numpy() if weighs else 1.0

    def reduced(reduction, weights=None):
        return make(option, reduction=reduction)(y_true, outputs, sample_weight=weights).numpy()

    for none in (None, "none"):
        np.testing.assert_allclose(reduced(none), values, 1e-6)
        np.testing.assert_allclose(reduced(none, WEIGHTS), values * WEIGHTS, 1e-6)
    expected = {
        "sum": (values * WEIGHTS).sum(),
        "sum_over_batch_size": (values * WEIGHTS).sum() / counted.sum(),
        "mean": (values * WEIGHTS).sum() / counted.sum(),
        "mean_with_sample_weight": (values * WEIGHTS).sum() / (WEIGHTS * counted * per_class).sum(),
    }
    for reduction, value in expected.items():
        np.testing.assert_allclose(reduced(reduction, WEIGHTS), value, 1e-5, err_msg=reduction)
        np.testing.assert_allclose(reduced(reduction, WEIGHTS[:, None]), value, 1e-5, err_msg=reduction)


@every_option
def test_serialization_keeps_everything(option, tmp_path):
    loss = make(option)
    y_true, outputs = batch(loss)
    copy = type(loss).from_config(loss.get_config())
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(outputs.shape[-1])])
    model.compile("sgd", loss=loss)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").loss
    values = make(option).call(y_true, outputs)
    for other in (copy, again, loaded):
        assert other.get_config() == loss.get_config()
        np.testing.assert_array_equal(other.call(y_true, outputs), values)


@every_option
def test_labels_in_any_encoding(option):
    loss = make(option)
    if not isinstance(loss, MulticlassLoss):
        pytest.skip("takes one encoding")
    y_true, outputs = batch(loss)
    one_hot = tf.one_hot(y_true, num_classes(loss))
    values = loss.call(y_true, outputs)
    for labels in (y_true[:, None], tf.cast(y_true, tf.float32), tf.cast(y_true, tf.int64)):
        np.testing.assert_array_equal(make(option).call(labels, outputs), values)
    rounding = 1e-6 if option == "ce" else 0.0  # cross-entropy of class numbers has a kernel of its own
    np.testing.assert_allclose(make(option).call(one_hot, outputs), values, rtol=rounding, atol=0.0)
    with pytest.raises(ValueError, match="does not fit"):
        loss.call(y_true[:-1], outputs)
    with pytest.raises(ValueError, match="label 9"):
        loss.call(tf.fill([BATCH], 9), outputs)


@every_option
def test_refuses_half_precision_computation(option):
    """Class numbers above 256 do not fit bfloat16."""
    if not isinstance(make(option), Adapted):
        with pytest.raises(ValueError, match="float32"):
            make(option, dtype="bfloat16")
