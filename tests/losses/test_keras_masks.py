"""Positions that Keras masks might as well not be there, for every loss: `_keras_mask` of the outputs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.losses import Dice
from tests.losses.options import OPTIONS, batch, make

OURS = [o for o in OPTIONS if not o.startswith("keras_") and o not in ("function", "custom")]
SETTINGS = [
    *((option, {}) for option in OURS),
    ("dice", {"over": "batch"}),
    ("focal_tversky", {"over": "class"}),
    ("binary_dice", {"over": "class"}),
    ("seesaw", {"running": True}),
    ("lovasz_hinge", {"ignore_class": 7}),
    ("db", {"ignore_class": 7}),
]
AT = [0, 7, 8, 23]


def with_masked(y_true, outputs, label):
    """The batch with further examples, of any label, and which ones are not masked."""
    kept = np.insert(np.ones(len(y_true), bool), AT, False)
    y_true = np.insert(y_true, AT, label, axis=0)
    return tf.constant(y_true), tf.constant(np.insert(outputs, AT, 5.0, axis=0)), kept


def value_and_gradient(loss, y_true, outputs, mask=None, dtype="float32"):
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        given = tf.cast(outputs, dtype)
        if mask is not None:
            given = tf.identity(given)
            given._keras_mask = tf.constant(mask)
        value = loss(y_true, given)
    return value, tape.gradient(value, outputs)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize(("option", "changes"), SETTINGS)
def test_masked_positions_are_in_no_statistic(option, changes, reduction):
    alone, loss = (make(option, reduction=reduction, **changes) for _ in range(2))
    y_true, outputs = batch(alone)
    expected, slopes = value_and_gradient(alone, y_true, outputs)
    of_any_label = "regression" not in loss.tasks and loss.labels != "onehot"
    more, more_outputs, kept = with_masked(y_true, outputs, -5 if of_any_label else 1)
    value, gradient = value_and_gradient(loss, more, more_outputs, kept)
    np.testing.assert_allclose(value, expected, 1e-5)
    np.testing.assert_allclose(gradient.numpy()[kept], slopes, 1e-4, 1e-7)
    np.testing.assert_array_equal(gradient.numpy()[~kept], 0.0)
    for ours, theirs in zip(loss.variables, alone.variables):  # what was counted while training
        np.testing.assert_allclose(ours, theirs, 1e-5)


@pytest.mark.parametrize("option", ["soft_f1", "mmce", "mdca", "lovasz_softmax", "lovasz_hinge", "binary_dice"])
def test_outputs_of_half_precision_keep_their_mask(option):
    y_true, outputs = batch(make(option))
    outputs = tf.cast(tf.cast(outputs, "bfloat16"), "float32")
    expected, _ = value_and_gradient(make(option), y_true, outputs)
    more, more_outputs, kept = with_masked(y_true, outputs, 0)
    value, _ = value_and_gradient(make(option), more, more_outputs, kept, "bfloat16")
    np.testing.assert_allclose(value, expected, 1e-5)


def test_a_mask_from_a_layer():
    """Sequences of two lengths, padded: `fit` sees the loss of the positions that are there."""
    x = np.array([[1, 2, 3, 0], [4, 5, 0, 0], [2, 0, 0, 0]])
    y = np.where(x > 0, x % 3, -1)
    model = keras.Sequential([keras.layers.Embedding(6, 8, mask_zero=True), keras.layers.Dense(3)])
    model.compile("sgd", loss=Dice(over="class"), run_eagerly=False)
    logits, there = model(x).numpy(), x > 0
    expected = Dice(over="class")(y[there], logits[there])
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), expected, 1e-5)


def test_a_mask_of_another_shape_is_refused():
    z = tf.zeros([4, 3])
    z._keras_mask = tf.ones([4, 2], tf.bool)
    with pytest.raises(ValueError, match="does not fit"):
        Dice()([0, 1, 2, 0], z)
