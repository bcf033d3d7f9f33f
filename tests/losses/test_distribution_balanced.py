"""Distribution-balanced loss on several labels per example."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit

from lossexp.losses import DBLoss

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [8, 3]).astype(np.float32)
T = (RNG.random([8, 3]) < 0.5).astype(np.float32)
T[0] = 0
N = np.array([500.0, 60.0, 3.0])


def by_definition(gamma=2.0, alpha=0.1, beta=10.0, mu=0.2, kappa=0.05, negative_scale=2.0):
    t = T.astype(np.float64)
    drawn = (t / N).sum(-1, keepdims=True)
    r = np.divide(1 / N, drawn, where=drawn > 0, out=np.full_like(t, np.inf))
    u = Z - kappa / negative_scale * np.log(N.sum() / N - 1)
    u = np.where(t == 1, u, -negative_scale * u)
    focal = -(expit(-u) ** gamma) * np.log(expit(u))
    return ((alpha + expit(beta * (r - mu))) * focal * np.where(t == 1, 1, 1 / negative_scale)).mean(-1)


@pytest.mark.parametrize(
    "parameters",
    [{}, dict(zip(("gamma", "alpha", "beta", "mu", "kappa", "negative_scale"), (0.0, 0.0, 1.0, 0.5, 1.0, 5.0)))],
)
def test_several_labels(parameters):
    loss = DBLoss(**parameters, class_counts=[500, 60, 3])
    np.testing.assert_allclose(loss.call(T, Z), by_definition(**parameters), 1e-5)


def test_an_example_without_labels_has_the_largest_weight():
    loss = DBLoss(class_counts=[10, 10, 10], gamma=0, kappa=0, negative_scale=1.0, reduction=None)
    z = tf.zeros([1, 3])
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss([[0, 0, 0.0]], z)
    np.testing.assert_allclose(value, [1.1 * np.log(2)], 1e-6)
    np.testing.assert_allclose(tape.gradient(value, z), np.full([1, 3], 1.1 * 0.5 / 3), 1e-6)


def test_without_weights_and_shifts_it_is_binary_cross_entropy():
    loss = DBLoss(gamma=0.0, alpha=0.5, beta=1.0, mu=0.0, kappa=0.0, negative_scale=1.0, class_counts=[1, 1, 1])
    one = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2, 0, 1]]
    bce = -np.where(one == 1, np.log(expit(Z)), np.log(expit(-Z))).mean(-1)
    np.testing.assert_allclose(loss.call(one, Z), (0.5 + expit(1.0)) * bce, 1e-5)
