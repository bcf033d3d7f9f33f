"""ZLPR and the two-way loss on rows with any number of labels."""

import numpy as np
import pytest
import tensorflow as tf
from mpmath import mp, mpf

from lossexp.losses import ZLPR, TwoWay
from tests.losses.reference import LOGITS

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [7, 4]).astype(np.float32)
T = (RNG.random([7, 4]) < 0.4).astype(np.float32)
T[0], T[1], T[:, 3] = 0, 1, 0  # no label, all labels, and a label that does not occur


def contrast(z, t, t_pos, t_neg):
    negatives = [mp.exp(x / t_neg) for x, y in zip(z, t) if not y]
    positives = [mp.exp(-x / t_pos) for x, y in zip(z, t) if y]
    if not negatives or not positives:
        return mpf(0)
    return mp.log(1 + mp.exp(t_neg * mp.log(sum(negatives)) + t_pos * mp.log(sum(positives))))


def two_way_by_definition(z, t, t_pos, t_neg):
    """Value of each row: its own part and the batch's."""
    by_label = [contrast(z[:, k], t[:, k], t_pos, t_neg) for k in range(t.shape[1]) if t[:, k].any()]
    of_batch = sum(by_label) / len(by_label) if by_label else mpf(0)
    return [contrast(*row, t_pos, t_neg) + of_batch for row in zip(z, t)]


def value_and_gradient(loss, t, z):
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss.call(t, z)
    return value, tape.gradient(value, z)


def check_two_way(z, t, mode="eager", t_pos=4.0, t_neg=1.0):
    f = value_and_gradient if mode == "eager" else tf.function(value_and_gradient, jit_compile=mode == "XLA")
    value, gradient = f(TwoWay(t_pos=t_pos, t_neg=t_neg), tf.constant(t, tf.float32), tf.constant(z, tf.float32))
    with mp.workdps(1200):
        exact = np.array([[mpf(float(x)) for x in row] for row in z])
        expected = two_way_by_definition(exact, t, t_pos, t_neg)
        slopes, step = np.zeros(z.shape), mpf(10) ** -40
        for i in np.ndindex(*z.shape):
            moved = exact.copy()
            moved[i] += step
            slopes[i] = float((sum(two_way_by_definition(moved, t, t_pos, t_neg)) - sum(expected)) / step)
    np.testing.assert_allclose(value, np.array(expected, float), 1e-5, 1e-37)
    np.testing.assert_allclose(gradient, slopes, 1e-4, 1e-37)


@pytest.mark.parametrize("mode", ["eager", "graph", "XLA"])
def test_two_way_by_definition(mode):
    check_two_way(Z, T, mode)
    check_two_way(Z, T, mode, t_pos=0.5, t_neg=2.0)


@pytest.mark.parametrize("v", LOGITS)
def test_two_way_on_extreme_logits(v):
    for t in ([1, 0, 0], [0, 1, 0], [1, 1, 0]):
        check_two_way(np.array([[v, 0.0, -v]]), np.array([t]))


@pytest.mark.parametrize("loss", [ZLPR(), TwoWay()])
def test_rows_without_labels_and_with_all_labels_are_finite(loss):
    for t in (np.zeros([2, 3]), np.ones([2, 3])):
        for result in value_and_gradient(loss, t, tf.constant([[1e3, -1e3, 0.0], [1.0, 2.0, 3.0]])):
            assert np.isfinite(result).all()


def test_zlpr_of_one_output_is_binary_cross_entropy():
    np.testing.assert_allclose(ZLPR().call(T[:, :1], Z[:, :1]), np.log1p(np.exp((1 - 2 * T) * Z))[:, 0], 1e-5)


@pytest.mark.parametrize("loss", [ZLPR(), TwoWay()])
def test_a_label_outside_the_classes_shows_in_graphs(loss):
    assert np.isnan(tf.function(loss.call)(tf.constant([0, 7]), Z[:2])[1])


def test_values_by_definition():
    negatives, positives = (np.exp(s * Z.astype(float)) for s in (1, -1))
    expected = np.log1p((negatives * (1 - T)).sum(-1)) + np.log1p((positives * T).sum(-1))
    np.testing.assert_allclose(ZLPR().call(T, Z), expected, 1e-5)
    by_definition = np.array(two_way_by_definition(Z.astype(float), T, 2.0, 0.5), float)
    np.testing.assert_allclose(TwoWay(t_pos=2.0, t_neg=0.5).call(T, Z), by_definition, 1e-5)
