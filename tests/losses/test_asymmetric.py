"""Asymmetric losses: what the clip forgives, single outputs, and the detached powers."""

import math

import numpy as np
import pytest
import tensorflow as tf
from mpmath import mp, mpf
from scipy.special import expit, softmax

from lossexp.losses import ASL, ASLSingle

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [6, 4]).astype(np.float32)
Y = RNG.integers(0, 4, 6)
T = np.eye(4)[Y]
MANY = (RNG.random([6, 4]) < 0.5).astype(np.float32)


def gradient(loss, y, z):
    z = tf.constant(z, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = tf.reduce_sum(loss.call(y, z))
    return tape.gradient(value, z).numpy()


def test_negatives_below_the_clip_are_forgiven():
    edge = math.log(0.05 / 0.95)
    z = np.array([[edge - 0.01, edge + 0.01, -20.0]])
    loss = ASL(gamma_neg=0, clip=0.05)
    assert loss.call(np.zeros([1, 3]), z[:, [0, 2, 2]]) == 0
    slopes = gradient(loss, np.zeros([1, 3]), z)[0]
    assert slopes[1] > 0
    assert slopes[0] == slopes[2] == 0


@pytest.mark.parametrize("clip", [0.05, 0.2, 1e-3])
def test_digits_just_above_the_clip(clip):
    """q = p - clip is a difference of nearly equal numbers there."""
    z0 = np.float32(math.log(clip / (1 - clip)))
    z = z0 + np.float32([1e-5, 1e-4, 1e-3, 1e-2])
    with mp.workdps(40):
        q = [1 / (1 + mp.exp(-mpf(float(x)))) - mpf(clip) for x in z]
        expected = [float(-(x**2) * mp.log(1 - x)) for x in q]
        slopes = [float((x**2 / (1 - x) - 2 * x * mp.log(1 - x)) * (x + mpf(clip)) * (1 - x - mpf(clip))) for x in q]
    loss = ASL(gamma_neg=2, clip=clip)
    targets = np.zeros([4, 1])
    np.testing.assert_allclose(loss.call(targets, z[:, None]), expected, 1e-5)
    np.testing.assert_allclose(gradient(loss, targets, z[:, None])[:, 0], slopes, 1e-4)


def test_several_labels_and_one_output():
    values = ASL().call(MANY, Z)
    single = sum(ASL().call(MANY[:, k : k + 1], Z[:, k : k + 1]) for k in range(4))
    np.testing.assert_allclose(values, single, 1e-6)
    np.testing.assert_array_equal(ASL().call(MANY[:, 0], Z[:, :1]), ASL().call(MANY[:, :1], Z[:, :1]))


def test_detached_powers_keep_the_value_and_change_the_gradient():
    kept, dropped = (
        ASL(gamma_pos=2.0, gamma_neg=3.0, clip=0.0),
        ASL(gamma_pos=2.0, gamma_neg=3.0, clip=0.0, detach=True),
    )
    np.testing.assert_array_equal(kept.call(MANY, Z), dropped.call(MANY, Z))
    p = expit(Z.astype(float))
    np.testing.assert_allclose(gradient(dropped, MANY, Z), np.where(MANY == 1, -((1 - p) ** 3), p**4), 1e-5)
    weights = np.where(T == 1, (1 - softmax(Z, -1)) ** 2, softmax(Z, -1) ** 3) * (0.9 * T + 0.1 / 4)
    expected = weights.sum(-1, keepdims=True) * softmax(Z, -1) - weights
    np.testing.assert_allclose(
        gradient(ASLSingle(gamma_pos=2.0, gamma_neg=3.0, detach=True), Y, Z), expected, 1e-4, 1e-7
    )


def test_smoothing_leaves_the_powers_alone():
    p = softmax(Z.astype(float), -1)
    weights = np.where(T == 1, 1.0, p**4)
    expected = -(weights * (0.8 * T + 0.05) * np.log(p)).sum(-1)
    np.testing.assert_allclose(ASLSingle(label_smoothing=0.2).call(Y, Z), expected, 1e-5)


def test_soft_labels_mix_probabilities_and_powers():
    t = np.array([[0.7, 0.2, 0.1, 0.0]] * 6)
    p = softmax(Z.astype(float), -1)
    weights = (p + (1 - 2 * p) * t) ** (0.5 * t + 2.0 * (1 - t))
    expected = -((0.8 * t + 0.05) * weights * np.log(p)).sum(-1)
    loss = ASLSingle(gamma_pos=0.5, gamma_neg=2.0, label_smoothing=0.2)
    np.testing.assert_allclose(loss.call(t, Z), expected, 1e-5)
