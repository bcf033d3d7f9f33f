"""Small numbers printed in tutorials and documentation, reproduced by our losses and by adapted ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from lossexp.losses import Adapted, BinaryCrossEntropy, CrossEntropy, Focal, as_loss

P = np.array([[0.9, 0.05, 0.05], [0.05, 0.89, 0.06], [0.05, 0.01, 0.94]])
LOG_P = np.log(P).astype(np.float32)  # logits whose softmax is P
CLASSES = np.arange(3)

Y = np.array([[0.0, 1.0], [0.0, 0.0]], np.float32)
PREDICTED = np.array([[0.6, 0.4], [0.4, 0.6]], np.float32)
LOGITS = np.log(PREDICTED / (1 - PREDICTED))


@keras.saving.register_keras_serializable("tests")
class OwnMSE(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_pred - y_true), axis=-1)


def own_mse(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_pred - y_true), axis=-1)


@pytest.mark.parametrize("labels", [CLASSES, np.eye(3)], ids=["integer", "one-hot"])
@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropy(),
        Focal(gamma=0),
        as_loss(keras.losses.CategoricalCrossentropy(from_logits=True)),
        as_loss(keras.losses.CategoricalCrossentropy()),
    ],
    ids=["ours", "focal at 0", "Keras on logits", "Keras on probabilities"],
)
def test_cross_entropy(loss, labels):
    np.testing.assert_allclose(loss(labels, LOG_P), 0.09458991187728844, 1e-6)
    np.testing.assert_allclose(loss.call(labels, LOG_P), [0.10536052, 0.11653382, 0.0618754], 1e-6)


def test_focal():
    np.testing.assert_allclose(Focal(gamma=2)(CLASSES, LOG_P), 0.000895471928886797, 1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        as_loss(keras.losses.MeanSquaredError()),
        Adapted(keras.losses.mean_squared_error),
        Adapted(OwnMSE(), on="values"),
        Adapted(own_mse, on="values"),
    ],
    ids=["library class", "library function", "own class", "own function"],
)
@pytest.mark.parametrize("column", [False, True])
def test_mean_squared_error(loss, column):
    y_true, y_pred = np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0, 0.0])
    assert loss(y_true, y_pred[:, None] if column else y_pred) == 0.75


@pytest.mark.parametrize(
    "make",
    [
        BinaryCrossEntropy,
        lambda reduction: Adapted(keras.losses.BinaryCrossentropy(from_logits=True), reduction=reduction),
        lambda reduction: Adapted(keras.losses.BinaryCrossentropy(), reduction=reduction),
    ],
    ids=["ours", "Keras on logits", "Keras on probabilities"],
)
def test_binary_cross_entropy(make):
    loss = make(reduction="sum_over_batch_size")
    np.testing.assert_allclose(loss(Y, LOGITS), 0.8149245, 1e-6)
    np.testing.assert_allclose(loss(Y, LOGITS, sample_weight=[1, 0]), 0.4581454, 1e-6)
    np.testing.assert_allclose(loss(Y, LOGITS, sample_weight=[0.8, 0.2]), 0.4378721, 1e-6)
    np.testing.assert_allclose(make(reduction="sum")(Y, LOGITS), 1.629849, 1e-6)
    np.testing.assert_allclose(make(reduction="none")(Y, LOGITS), [0.9162907, 0.7135582], 1e-6)
    mean = make(reduction="mean_with_sample_weight")
    np.testing.assert_allclose(mean(Y, LOGITS, sample_weight=[1, 0]), 0.9162907, 1e-6)
    np.testing.assert_allclose(mean(Y, LOGITS, sample_weight=[0.8, 0.2]), 0.8757443, 1e-6)
