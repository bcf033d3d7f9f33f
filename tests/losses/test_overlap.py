"""Dice and Tversky over an example, over each class of a batch, and over the whole batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from sklearn.metrics import f1_score

from lossexp.losses import Dice, FocalTversky, MAEProb, Tversky

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [30, 4]).astype(np.float32)
Y = RNG.integers(0, 3, 30)  # class 3 does not occur
T, P = np.eye(4)[Y], softmax(Z.astype(np.float64), -1)


def by_definition(alpha, beta, smooth, axis):
    true, false, missed = ((x * y).sum(axis) for x, y in ((T, P), (1 - T, P), (T, 1 - P)))
    return 1 - (true + smooth) / (true + alpha * false + beta * missed + smooth)


@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_by_definition(smooth):
    def values(over):
        return Tversky(alpha=0.3, beta=0.8, smooth=smooth, over=over).call(Y, Z)

    np.testing.assert_allclose(values("example"), by_definition(0.3, 0.8, smooth, -1), 1e-5)
    by_class = by_definition(0.3, 0.8, smooth, 0)[:3].mean()
    np.testing.assert_allclose(values("class"), np.full(30, by_class), 1e-5)
    np.testing.assert_allclose(values("batch"), np.full(30, by_definition(0.3, 0.8, smooth, None)), 1e-5)


def test_focal_tversky_takes_the_power_of_each_class():
    expected = (by_definition(0.3, 0.7, 0, 0)[:3] ** 0.75).mean()
    np.testing.assert_allclose(FocalTversky(over="class")(Y, Z), expected, 1e-5)


@pytest.mark.parametrize("over", ["example", "class", "batch"])
@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_tversky_at_one_half_is_dice(over, smooth):
    np.testing.assert_array_equal(
        Tversky(alpha=0.5, beta=0.5, smooth=smooth / 2, over=over).call(Y, Z), Dice(smooth=smooth, over=over).call(Y, Z)
    )


def test_dice_of_an_example_is_half_the_absolute_error():
    np.testing.assert_allclose(Dice().call(Y, Z), MAEProb().call(Y, Z) / 2, 1e-5)


def test_dice_of_the_batch_is_that_of_keras_on_probabilities():
    np.testing.assert_allclose(Dice(over="batch")(Y, Z), keras.losses.dice(T, P), 1e-5)


def test_dice_of_classes_is_macro_f1_where_predictions_are_certain():
    y = np.append(Y, 3)
    z = np.append(Z, [[0, 0, 0, 9]], axis=0)
    certain = 1e4 * np.eye(4)[z.argmax(1)]
    f1 = f1_score(y, z.argmax(1), average="macro")
    np.testing.assert_allclose(Dice(over="class")(y, certain), 1 - f1, 1e-5)


@pytest.mark.parametrize("over", ["class", "batch"])
@pytest.mark.parametrize("jit", [False, True])
def test_extreme_logits_over_a_batch(over, jit):
    """Where every prediction is certain, right or wrong, nothing breaks."""

    @tf.function(jit_compile=jit)
    def value_and_gradient(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = FocalTversky(exponent=0.5, over=over).call(Y, z)
        return value, tape.gradient(value, z)

    for z in (1e3 * T, -1e3 * T, 1e3 * np.eye(4)[np.arange(30) % 4], 0 * T):
        for result in value_and_gradient(tf.constant(z, tf.float32)):
            assert np.isfinite(result).all()


def test_parameters_reach_the_formula():
    by_class = by_definition(0.5, 0.5, 0.25, 0)[:3].mean()
    np.testing.assert_allclose(Dice(smooth=0.5, over="class").call(Y, Z), np.full(30, by_class), 1e-5)
    values = Tversky(alpha=0.2, beta=0.4, smooth=1.0).call(Y, Z)
    np.testing.assert_allclose(values, by_definition(0.2, 0.4, 1.0, -1), 1e-5)
    focal = FocalTversky(exponent=0.5, alpha=0.2, beta=0.4, smooth=1.0, over="class")
    by_class = (by_definition(0.2, 0.4, 1.0, 0)[:3] ** 0.5).mean()
    np.testing.assert_allclose(focal.call(T, Z), np.full(30, by_class), 1e-5)


def test_tversky_needs_one_positive_weight():
    with pytest.raises(ValueError, match=r"Tversky\.alpha=0\.0 and beta=0\.0"):
        Tversky(alpha=0, beta=0)


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.5), (0.3, 0.7)])
def test_several_classes_at_once_are_taken_as_they_are(alpha, beta):
    t, z = np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[1.0, 2.0, -1.0, 0.5]])
    p = np.exp(z) / np.exp(z).sum()
    hit, false, missed = (t * p).sum(), ((1 - t) * p).sum(), (t * (1 - p)).sum()
    expected = 1 - hit / (hit + alpha * false + beta * missed)
    np.testing.assert_allclose(Tversky(alpha=alpha, beta=beta).call(t, z), [expected], rtol=1e-6)
    np.testing.assert_allclose(MAEProb().call(t, z), [np.abs(t - p).sum()], rtol=1e-6)
