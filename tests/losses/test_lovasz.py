"""Lovasz losses against the definition of the Lovasz extension, as a sum over growing sets of errors."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax

from lossexp.losses import LovaszHinge, LovaszSoftmax

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [20, 4])
Y = RNG.integers(0, 3, 20)  # class 3 does not occur
LABELS = (RNG.random([20, 1]) < 0.4).astype(float)


def jaccard_loss(members, mispredicted):
    """1 - Jaccard: members predicted wrongly are missing, others predicted wrongly are added."""
    kept = members & ~mispredicted
    return 1 - kept.sum() / (members | mispredicted).sum()


def lovasz_extension(errors, members):
    ranked = np.argsort(-errors)
    total, previous = 0.0, 0.0
    mispredicted = np.zeros(len(errors), bool)
    for i in ranked:
        mispredicted[i] = True
        grown = jaccard_loss(members, mispredicted)
        total += errors[i] * (grown - previous)
        previous = grown
    return total


def softmax_by_definition(z):
    p = softmax(z, -1)
    return np.mean([lovasz_extension(np.abs((c == Y) - p[:, c]), c == Y) for c in range(3)])


def hinge_by_definition(z):
    return lovasz_extension(np.maximum(1 - (2 * LABELS - 1) * z, 0)[:, 0], LABELS[:, 0] == 1)


CASES = [
    (LovaszSoftmax(), Y, Z, softmax_by_definition),
    (LovaszHinge(), LABELS, Z[:, :1], hinge_by_definition),
]


@pytest.mark.parametrize(("loss", "y", "z", "definition"), CASES, ids=["softmax", "hinge"])
@pytest.mark.parametrize("mode", ["eager", "graph", "XLA"])
def test_value_and_gradient_by_definition(loss, y, z, definition, mode):
    def value_and_gradient(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(y, z)
        return value, tape.gradient(value, z)

    if mode != "eager":
        value_and_gradient = tf.function(value_and_gradient, jit_compile=mode == "XLA")
    value, gradient = value_and_gradient(tf.constant(z, tf.float32))
    np.testing.assert_allclose(value, definition(z), 1e-5)
    step = 1e-6
    slopes = np.zeros_like(z)
    for i in np.ndindex(*z.shape):
        moved = np.zeros_like(z)
        moved[i] = step
        slopes[i] = (definition(z + moved) - definition(z - moved)) / (2 * step)
    np.testing.assert_allclose(gradient, slopes, 1e-4, 1e-7)


def test_perfect_and_hopeless():
    certain = 1e4 * np.eye(4)[Y]
    assert LovaszSoftmax()(Y, certain) == 0
    np.testing.assert_allclose(LovaszSoftmax()(Y, -certain), 1, 1e-6)
    assert LovaszHinge()(np.zeros([5, 1]), np.full([5, 1], -9.0)) == 0  # no members at all


@pytest.mark.parametrize("jit_compile", [False, True])
def test_hinge_without_members_is_the_largest_error(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def value_and_gradient(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = LovaszHinge()(tf.zeros([3, 1]), z)
        return value, tape.gradient(value, z)

    value, gradient = value_and_gradient(tf.constant([[5.0], [3.0], [-2.0]]))
    np.testing.assert_allclose(value, 6, 1e-6)
    np.testing.assert_allclose(gradient, [[1], [0], [0]], 1e-6)
    np.testing.assert_allclose(LovaszHinge().call(np.zeros(3), [3.0, 5.0, -2.0]), [0, 18, 0], 1e-6)


def test_softmax_leaves_absent_classes_out():
    present = LovaszSoftmax()(np.zeros(2, int), [[0.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(present, 0.5, 1e-6)


def test_hinge_takes_rank_1():
    values = LovaszHinge().call(LABELS, Z[:, :1])
    np.testing.assert_array_equal(LovaszHinge().call(LABELS[:, 0], Z[:, 0]), values)
    assert values.shape == (20,)


def test_the_mean_of_the_values_is_the_loss():
    np.testing.assert_allclose(np.mean(LovaszSoftmax().call(Y, Z)), softmax_by_definition(Z), 1e-5)
    np.testing.assert_allclose(np.mean(LovaszHinge().call(LABELS, Z[:, :1])), hinge_by_definition(Z[:, :1]), 1e-5)


def test_many_errors_keep_their_digits():
    """Growths far down the ranks are differences of nearly equal Jaccard indices."""
    n = 20000
    errors = np.linspace(1, 0.5, n)
    members = RNG.random(n) < 0.5
    z = np.where(members, 1 - errors, errors - 1)[:, None]
    np.testing.assert_allclose(LovaszHinge()(members[:, None], z), lovasz_extension(errors, members), 1e-5)


def test_softmax_keeps_the_digits_of_small_errors():
    """An example right by 20 logits errs by 2e-9, of which `1 - p` in float32 keeps nothing."""
    z = np.array([[20.0, 0.0], [0.0, 20.0]], np.float32)
    np.testing.assert_allclose(LovaszSoftmax()([0, 1], z), 1 / (1 + np.exp(20.0)), 1e-5)
