"""Seesaw: running counts and the terms without gradient. Accuracy is checked with `test_accuracy`."""

import keras
import numpy as np
import tensorflow as tf
from scipy.special import log_softmax

from lossexp.losses import Seesaw

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [12, 3]).astype(np.float32)
Y = np.array([0] * 8 + [1] * 3 + [2])
SEEN = np.array([8.0, 3.0, 1.0])


def by_definition(counts, p=0.8, q=2.0, eps=0.01):
    log_p = log_softmax(Z.astype(np.float64), -1)
    of_label = log_p[np.arange(12), Y][:, None]
    added = p * np.minimum(np.log(counts) - np.log(counts[Y])[:, None], 0)
    added += q * np.maximum(log_p - np.maximum(of_label, np.log(eps)), 0)
    added[np.arange(12), Y] = 0
    return -log_softmax(Z + added, -1)[np.arange(12), Y]


def train(loss, times=1):
    z = tf.constant(Z)
    for _ in range(times):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(Y, z)
        tape.gradient(value, z)


def test_fixed_counts():
    counts = np.array([600.0, 50.0, 2.0])
    np.testing.assert_allclose(Seesaw(class_counts=[600, 50, 2]).call(Y, Z), by_definition(counts), 1e-5)
    loss = Seesaw(p=0.5, q=1.0, eps=0.1, class_counts=[600, 50, 2])
    np.testing.assert_allclose(loss.call(Y, Z), by_definition(counts, 0.5, 1.0, 0.1), 1e-5)


def test_running_counts_include_the_batch_and_grow_by_training_only():
    loss = Seesaw(running=True, class_counts=[0, 0, 0])  # only their number matters
    for _ in range(3):
        np.testing.assert_allclose(loss.call(Y, Z), by_definition(SEEN), 1e-5)
        np.testing.assert_array_equal(loss.variables[0], np.zeros(3))
    train(loss, times=2)
    np.testing.assert_array_equal(loss.variables[0], 2 * SEEN)
    few = Seesaw(running=True, class_counts=[0, 0, 0])
    np.testing.assert_allclose(few.call(Y[:8], Z[:8]), by_definition(np.array([8.0, 1.0, 1.0]))[:8], 1e-5)


def test_running_counts_in_fit():
    for options in ({}, {"jit_compile": True}, {"run_eagerly": True}):
        loss = Seesaw(running=True)
        loss.adapt([8, 3, 1])
        model = keras.Sequential([keras.layers.Dense(3)])
        model.compile("sgd", loss=loss, **options)
        model.fit(Z, Y, batch_size=5, epochs=3, verbose=0, validation_data=(Z, Y))
        model.evaluate(Z, Y, verbose=0)
        np.testing.assert_array_equal(loss.variables[0], 3 * SEEN, err_msg=str(options))


def test_running_counts_in_a_loop_inside_a_graph():
    loss = Seesaw(running=True, class_counts=[8, 3, 1])
    weights = tf.Variable(tf.zeros([3, 3]))

    @tf.function(jit_compile=True)
    def epoch():
        for _ in tf.range(4):
            with tf.GradientTape() as tape:
                value = loss(Y, tf.matmul(Z, weights))
            weights.assign_sub(tape.gradient(value, weights))

    epoch()
    np.testing.assert_array_equal(loss.variables[0], 4 * SEEN)


def test_compensation_and_mitigation_have_no_gradient():
    """The gradient is softmax minus one-hot of the changed logits, for whatever was added to them."""
    loss = Seesaw(class_counts=[600, 50, 2])
    z = tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss.call(Y, z)
    gradient = tape.gradient(value, z).numpy()
    np.testing.assert_allclose(gradient[np.arange(12), Y], np.exp(-value) - 1, 1e-5)
    np.testing.assert_allclose(gradient.sum(-1), np.zeros(12), atol=1e-6)
