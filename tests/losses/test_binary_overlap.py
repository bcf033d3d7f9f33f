"""Dice and Tversky of yes-or-no questions, over a batch, an example's labels, and each question of a batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit
from sklearn.metrics import f1_score

from lossexp.losses import BinaryDice, BinaryTversky, Dice

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [30, 4]).astype(np.float32)
T = (RNG.random([30, 4]) < 0.3).astype(np.float32)
T[:, 3], T[0, 0] = 0.0, 1.0  # a question that is never answered "yes"
P = expit(Z.astype(np.float64))
AXES = {"batch": None, "example": -1, "class": 0}


def by_definition(alpha, beta, smooth, over):
    hit, false, missed = ((x * y).sum(AXES[over]) for x, y in ((T, P), (1 - T, P), (T, 1 - P)))
    values = 1 - (hit + smooth) / (hit + alpha * false + beta * missed + smooth)
    return values[:3].mean() if over == "class" else values


@pytest.mark.parametrize("smooth", [0.0, 1.0])
@pytest.mark.parametrize("over", ["example", "class", "batch"])
def test_by_definition(smooth, over):
    expected = np.broadcast_to(by_definition(0.3, 0.8, smooth, over), 30)
    loss = BinaryTversky(alpha=0.3, beta=0.8, smooth=smooth, over=over)
    np.testing.assert_allclose(loss.call(T, Z), expected, 1e-5)
    half = BinaryTversky(smooth=smooth / 2, over=over)
    np.testing.assert_array_equal(half.call(T, Z), BinaryDice(smooth=smooth, over=over).call(T, Z))


def test_a_power_of_the_set():
    expected = by_definition(0.3, 0.7, 0, "batch") ** 0.75
    np.testing.assert_allclose(BinaryTversky(alpha=0.3, beta=0.7, exponent=0.75)(T, Z), expected, 1e-5)


def test_of_one_output_it_is_kerass_dice_and_soft_f1_of_the_positives():
    t, z = T[:, :1], Z[:, :1]
    np.testing.assert_allclose(BinaryDice()(t, z), keras.losses.dice(t, expit(z)), 1e-5)
    np.testing.assert_allclose(BinaryDice()(t[:, 0], z[:, 0]), BinaryDice()(t, z), 1e-6)
    np.testing.assert_allclose(BinaryDice()(t, 1e4 * z), 1 - f1_score(t[:, 0], z[:, 0] > 0), 1e-6)
    two = np.concatenate([-z, z], 1) / 2  # the softmax of two logits
    negatives = BinaryDice()(1 - t, -z)
    np.testing.assert_allclose(Dice(over="class")(t[:, 0], two), (BinaryDice()(t, z) + negatives) / 2, 1e-5)


@pytest.mark.parametrize("over", ["example", "class", "batch"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_extremes(over, jit_compile):
    @tf.function(jit_compile=jit_compile)
    def value_and_gradient(t, z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = BinaryTversky(exponent=0.5, over=over).call(t, z)
        return value, tape.gradient(value, z)

    for t in (T, 0 * T, 0 * T + 1):
        for z in (1e4 * (2 * t - 1), 1e4 * (1 - 2 * t), 60.0 * Z, 0 * Z):
            for result in value_and_gradient(tf.constant(t), tf.constant(z)):
                assert np.isfinite(result).all()


def test_a_set_without_positives():
    with tf.GradientTape(persistent=True) as tape:
        z = tf.Variable(Z)
        plain, smooth = BinaryDice()(0 * T, z), BinaryDice(smooth=1.0)(0 * T, z)
    np.testing.assert_allclose(plain, 1.0, 1e-6)
    np.testing.assert_allclose(tape.gradient(plain, z), 0.0, atol=1e-6)
    np.testing.assert_allclose(smooth, 1 - 1 / (P.sum() + 1), 1e-5)
    assert (tape.gradient(smooth, z).numpy() > 0).all()


def test_labels_left_out_are_in_no_sum():
    known = RNG.random([30, 4]) < 0.7
    partly = np.where(known, T, -1.0).astype(np.float32)
    for over in ("batch", "class"):
        far = np.where(known, Z, -1e4).astype(np.float32)  # a negative that is as good as certain adds nothing
        expected = BinaryDice(over=over)(np.where(known, T, 0.0), far)
        np.testing.assert_allclose(BinaryDice(over=over, ignore_class=-1)(partly, Z), expected, 1e-5)


def test_one_weight_must_be_positive():
    with pytest.raises(ValueError, match=r"alpha=0\.0 and beta=0\.0"):
        BinaryTversky(alpha=0.0, beta=0.0)
