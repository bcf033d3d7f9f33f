"""GHM-C: the weights of a batch, their moving average, and what does not count."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from lossexp.losses import GHMC

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 3, [20, 3]).astype(np.float32)
Y = RNG.permutation(np.arange(20) % 3)
T = np.eye(3)[Y]
P = special.expit(Z.astype(np.float64))
BCE = -np.where(T == 1, np.log(P), np.log(1 - P))


def found_in(bins):
    """The bin of each output, and how many are in each bin."""
    bin_of = np.minimum((np.abs(P - T) * bins).astype(int), bins - 1)
    return bin_of, np.bincount(bin_of.ravel(), minlength=bins)


def train(loss, y=Y, z=Z):
    z = tf.convert_to_tensor(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss.call(y, z)
    return value, tape.gradient(value, z)


def test_one_bin_is_binary_cross_entropy():
    value, gradient = train(GHMC(bins=1, momentum=0))
    np.testing.assert_allclose(value, BCE.mean(-1), 1e-5)
    np.testing.assert_allclose(gradient, (P - T) / 3, 1e-4)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_every_bin_that_is_not_empty_weighs_the_same(jit_compile):
    bin_of, found = found_in(30)
    assert (found == 0).any()
    weights = 60 / found[bin_of] / (found > 0).sum()
    loss = GHMC(bins=30, momentum=0)
    value, gradient = tf.function(train, jit_compile=jit_compile)(loss)
    np.testing.assert_allclose(value, (weights * BCE).mean(-1), 1e-5)
    np.testing.assert_allclose(gradient, weights * (P - T) / 3, 1e-4)
    np.testing.assert_allclose([weights[bin_of == i].sum() for i in np.flatnonzero(found)], 60 / (found > 0).sum())


def test_the_average_moves_when_it_is_trained_on_and_only_where_something_was_found():
    loss = GHMC(bins=10, momentum=0.75)
    bin_of, found = found_in(10)
    tf.function(loss.call)(Y, Z)
    np.testing.assert_array_equal(loss.variables[0], np.zeros(10))
    value, _ = train(loss)
    np.testing.assert_allclose(value, 4 * GHMC(bins=10, momentum=0).call(Y, Z), 1e-5)
    average = 0.25 * found
    np.testing.assert_allclose(loss.variables[0], average, 1e-6)
    train(loss, Y[:1], Z[:1])
    one = np.bincount(bin_of[0], minlength=10)
    average = np.where(one, 0.75 * average + 0.25 * one, average)
    np.testing.assert_allclose(loss.variables[0], average, 1e-6)
    weights = 60 / (0.75 * average + 0.25 * found)[bin_of] / (found > 0).sum()
    np.testing.assert_allclose(loss.call(Y, Z), (weights * BCE).mean(-1), 1e-5)


def test_labels_that_are_left_out_are_in_no_bin():
    rows, known = T.astype(np.float32), RNG.random([20, 3]) < 0.6
    known[:, 0] = True
    value = GHMC(bins=1, momentum=0, ignore_class=-1)(np.where(known, rows, -1), Z)
    np.testing.assert_allclose(value, np.mean([BCE[i][known[i]].mean() for i in range(20)]), 1e-5)
    bin_of, found = found_in(5)
    found = np.bincount(bin_of[known], minlength=5)
    loss = GHMC(bins=5, momentum=0, ignore_class=-1)
    train(loss, np.where(known, rows, -1).astype(np.float32))
    np.testing.assert_array_equal(loss.variables[0], found)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GHMC(bins=0), "bins=0"),
        (lambda: GHMC(bins=2.5), "bins=2.5"),
        (lambda: GHMC(momentum=1), "momentum=1"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
