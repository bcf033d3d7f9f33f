"""EQL v2 and equalized focal loss: the summed gradients and what they do."""

import numpy as np
import pytest
import tensorflow as tf
from mpmath import mpf

from lossexp.losses import BinaryFocal, EQLv2, EqualizedFocal
from tests.losses.reference import MULTICLASS, Case, log, sigmoid
from tests.losses.test_accuracy import test_eager as check_eager
from tests.losses.test_accuracy import test_graph_and_xla_of_every_case as check_compiled

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [20, 3]).astype(np.float32)
Y = np.array([0] * 14 + [1] * 5 + [2])
T = np.eye(3)[Y]
P = 1 / (1 + np.exp(-Z.astype(np.float64)))
BCE = -np.where(T == 1, np.log(P), np.log(1 - P))
RATIO = (0.75, 0.5, 0.125)


def frozen(loss_class, ratio, **parameters):
    """A loss at a given ratio of summed gradients, which training does not move."""

    class Frozen(loss_class):
        def ratio(self, targets, at_start):
            return tf.constant([*ratio[:2], *[ratio[2]] * (targets.shape[-1] - 2)])

        def collect(self, values, targets, slopes):
            return values

    Frozen.__name__ = loss_class.__name__
    return Frozen(**parameters)


def eqlv2(row):
    def term(k):
        negative = sigmoid(12 * (mpf(RATIO[k]) - mpf(0.8)))
        weight = row.t[k] * (1 + 4 * (1 - negative)) + (1 - row.t[k]) * negative
        return -weight * (row.t[k] * log(sigmoid(row.z[k])) + (1 - row.t[k]) * log(sigmoid(-row.z[k])))

    return row.total(term)


def equalized(row):
    def term(k):
        u = row.z[k] if row.t[k] else -row.z[k]
        alpha = mpf(0.25) if row.t[k] else mpf(0.75)
        power = 2 + 8 * (1 - mpf(RATIO[k]))
        return -alpha * power / 2 * sigmoid(-u) ** power * log(sigmoid(u))

    return row.total(term)


@pytest.mark.parametrize(("loss", "formula"), [(EQLv2, eqlv2), (EqualizedFocal, equalized)])
def test_accuracy(loss, formula):
    case = Case(frozen(loss, RATIO), formula, MULTICLASS)
    check_eager(case)
    check_compiled(case)


def train(loss):
    z = tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss.call(Y, z)
    return value, tape.gradient(value, z).numpy()


def test_eqlv2_starts_as_binary_cross_entropy_and_follows_its_gradients():
    loss = EQLv2(class_counts=[14, 5, 1])
    value, gradient = train(loss)
    np.testing.assert_allclose(value, BCE.sum(-1), 1e-5)
    np.testing.assert_allclose(gradient, P - T, 1e-4)
    positive, negative = (np.abs(P - T) * T).sum(0), (np.abs(P - T) * (1 - T)).sum(0)
    np.testing.assert_allclose(loss.variables[0], positive, 1e-5)
    np.testing.assert_allclose(loss.variables[1], negative, 1e-5)
    v = 1 / (1 + np.exp(-12 * (positive / negative - 0.8)))
    weights = np.where(T == 1, 1 + 4 * (1 - v), v)
    np.testing.assert_allclose(loss.call(Y, Z), (weights * BCE).sum(-1), 1e-4)
    train(loss)
    np.testing.assert_allclose(loss.variables[0], positive + (weights * np.abs(P - T) * T).sum(0), 1e-4)


def test_equalized_focal_starts_as_focal_loss_and_sums_its_own_gradient():
    loss = EqualizedFocal(class_counts=[14, 5, 1])
    value, gradient = train(loss)
    focal = BinaryFocal(gamma=2, alpha=0.25).call(T.reshape(-1, 1), Z.reshape(-1, 1))
    np.testing.assert_allclose(value, np.reshape(focal, [20, 3]).sum(-1), 1e-5)
    np.testing.assert_allclose(loss.variables[0], (np.abs(gradient) * T).sum(0), 1e-4)
    np.testing.assert_allclose(loss.variables[1], (np.abs(gradient) * (1 - T)).sum(0), 1e-4)


def test_evaluation_moves_nothing():
    for loss in (EQLv2(class_counts=[14, 5, 1]), EqualizedFocal(class_counts=[14, 5, 1])):
        tf.function(loss.call)(Y, Z)
        for variable in loss.variables:
            np.testing.assert_array_equal(variable, np.zeros(3))


def test_balanced_classes_keep_the_base_power():
    values = frozen(EqualizedFocal, (1.0, 1.0, 1.0), gamma=2.0, scale=8.0, alpha=None).call(Y, Z)
    focal = BinaryFocal(gamma=2).call(T.reshape(-1, 1), Z.reshape(-1, 1))
    np.testing.assert_allclose(values, np.reshape(focal, [20, 3]).sum(-1), 1e-5)
