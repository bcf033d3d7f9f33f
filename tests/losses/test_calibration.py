"""Losses for calibrated probabilities: identities, schedules, batch errors and ranges."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from mpmath import exp, fsum, log, mp, mpf

from lossexp import losses
from tests.losses.four_classes import LABELS, close, logits, quickly, values


@quickly
@given(z=logits, gamma=st.floats(0, 5), epsilon=st.floats(-1, 3))
def test_polynomial_losses(z, gamma, epsilon):
    focal, wrong = values(losses.Focal(gamma=gamma), z), values(losses.GCE(q=1), z)
    close(values(losses.Poly1Focal(gamma=gamma, epsilon=0), z), focal)
    expected = focal + epsilon * wrong ** (gamma + 1)
    close(values(losses.Poly1Focal(gamma=gamma, epsilon=epsilon), z), expected, 1e-4, 1e-6)
    poly1, same = losses.Poly1(epsilon=epsilon), losses.Poly1Focal(gamma=0, epsilon=epsilon)
    np.testing.assert_array_equal(values(poly1, z), values(same, z))


@quickly
@given(z=logits)
def test_focal_losses_with_a_focus_that_depends_on_the_prediction(z):
    p = tf.nn.softmax(z).numpy()
    low, high = values(losses.Focal(gamma=5), z), values(losses.Focal(gamma=3), z)
    clear = np.abs(p - 0.2) > 1e-5
    close(values(losses.FLSD53(), z)[clear], np.where(p < 0.2, low, high)[clear])
    least = np.argmin(z)  # nothing is below it
    close(values(losses.DualFocal(gamma=2), z)[least], values(losses.Focal(gamma=2), z)[least])


def test_dual_focal_adds_the_runner_up():
    p = np.array([0.5, 0.25, 0.125, 0.125])
    expected = [(1 - 0.5 + 0.25) ** 3, (1 - 0.25 + 0.125) ** 3, (1 - 0.125) ** 3, (1 - 0.125) ** 3] * -np.log(p)
    close(values(losses.DualFocal(gamma=3), np.log(np.float32(p))), expected)


@quickly
@given(z=logits)
def test_brier_is_between_the_wrong_probability_and_its_double(z):
    wrong, brier = values(losses.GCE(q=1), z), values(losses.Brier(), z)
    assert (brier <= 2 * wrong * (1 + 1e-5)).all()
    assert (brier >= wrong**2 * (1 - 1e-5)).all()


@quickly
@given(z=logits, scale=st.floats(1e-3, 1e3), tau=st.floats(0.04, 2))
def test_logit_norm_ignores_the_length_of_the_logits(z, scale, tau):
    length = math.hypot(*z)
    if length < 1e-3:
        return
    value = values(losses.LogitNorm(tau=tau), z)
    close(value, values(losses.CrossEntropy(), np.array(z) / (tau * length)), 1e-4, 1e-9)
    close(value, values(losses.LogitNorm(tau=tau), np.array(z) * scale), 1e-3, 1e-9)


def test_logit_norm_of_a_zero_vector_is_finite():
    z = tf.zeros([4, 4])
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = losses.LogitNorm().call(LABELS, z)
    close(value, math.log(4))
    np.testing.assert_array_equal(tape.gradient(value, z), 0)


def test_maxsup_grows_over_the_epochs_without_retracing():
    loss, z = losses.MaxSup(lam=0.1, lam_end=0.3), tf.constant([[0.5, -1.0, 2.0, 0.25]])
    traces = []

    @tf.function
    def value():
        traces.append(None)
        return loss([1], z)

    for epoch, lam in enumerate([0.1, 0.2, 0.3]):
        loss.on_epoch(epoch, 3)
        close(value(), losses.MaxSup(lam=lam).call([1], z)[0])
    assert len(traces) == 1
    assert [v.numpy() for v in loss.variables] == [pytest.approx(0.3)]
    loss.on_epoch(0, 1)
    close(loss([1], z), losses.MaxSup(lam=0.1).call([1], z)[0])


def test_maxsup_is_cross_entropy_plus_the_lead_of_the_largest_logit():
    z = [0.5, -1.0, 2.0, 0.25]
    close(values(losses.MaxSup(lam=0.5), z), values(losses.CrossEntropy(), z) + 0.5 * (2 - 1.75 / 4))


def test_confidence_penalty_subtracts_entropy():
    z = [0.5, -1.0, 2.0, 0.25]
    p = tf.nn.softmax(z)
    entropy = -tf.reduce_sum(p * tf.math.log(p)).numpy()
    close(values(losses.ConfidencePenalty(beta=0.5), z), values(losses.CrossEntropy(), z) - 0.5 * entropy)


# Losses of a whole batch, against formulas in 50 digits.

Z = np.float32([[3, -1, 0.5], [0.25, 0.125, -2], [-1, 4, 1], [0, 20, 0], [30, 0, -10], [1, 2, 2.5]])
Y = [0, 1, 0, 1, 0, 2]


def softmax(row):
    e = [exp(z) for z in row]
    return [x / fsum(e) for x in e]


def mmce(rows, y, weight, width):
    p = [softmax(row) for row in rows]
    top = [max(range(3), key=lambda k, row=row: row[k]) for row in rows]
    r = [p[i][top[i]] for i in range(len(rows))]
    gap = [int(top[i] == y[i]) - r[i] for i in range(len(rows))]
    pairs = [(a, b) for a in range(len(rows)) for b in range(len(rows))]
    error = fsum(gap[a] * gap[b] * exp(-abs(r[a] - r[b]) / mpf(width)) for a, b in pairs)
    return [-log(p[i][y[i]]) + weight * error / len(rows) ** 2 for i in range(len(rows))]


def mdca(rows, y, weight, gamma):
    p, n = [softmax(row) for row in rows], len(rows)
    gaps = [abs(fsum(p[i][k] - (y[i] == k) for i in range(n)) / n) for k in range(3)]
    focal = [-((1 - p[i][y[i]]) ** gamma) * log(p[i][y[i]]) for i in range(n)]
    return [f + weight * fsum(gaps) / 3 for f in focal]


@pytest.mark.parametrize("compiled", [None, False, True])
@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (losses.MMCE(weight=3, width=0.25), lambda z: mmce(z, Y, 3, 0.25)),
        (losses.MDCA(weight=2), lambda z: mdca(z, Y, 2, 0)),
        (losses.MDCA(weight=2, gamma=1.5), lambda z: mdca(z, Y, 2, mpf(1.5))),
    ],
    ids=["MMCE", "MDCA", "MDCA-focal"],
)
@mp.workdps(80)
def test_losses_of_a_batch(loss, formula, compiled):
    def both(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss.call(Y, z)
        return value, tape.gradient(value, z)

    value, gradient = (both if compiled is None else tf.function(both, jit_compile=compiled))(tf.constant(Z))
    exact, step = [[mpf(float(z)) for z in row] for row in Z], mpf(10) ** -40
    base = formula(exact)
    close(value, [float(v) for v in base], 1e-5)
    for i in range(len(Y)):
        for k in range(3):
            moved = [row[:] for row in exact]
            moved[i][k] += step
            slope = float((fsum(formula(moved)) - fsum(base)) / step)
            assert float(gradient[i, k]) == pytest.approx(slope, rel=1e-4, abs=1e-12)


def test_the_mean_over_a_batch_is_the_published_loss():
    mean = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(np.array(Y), Z)
    assert float(losses.MMCE(weight=0)(Y, Z)) == pytest.approx(float(mean), rel=1e-5)
    added = losses.MMCE(weight=2).call(Y, Z) - losses.CrossEntropy().call(Y, Z)
    np.testing.assert_allclose(added, added[0], rtol=1e-4)


@pytest.mark.parametrize("epsilon", [-1.0, -0.5, 0.0, 2.0])
def test_poly1_focal_is_its_formula(epsilon):
    with mp.workdps(50):
        p = [softmax(row)[y] for row, y in zip(Z.tolist(), Y)]
        expected = [float((1 - x) * (-log(x) + epsilon * (1 - x))) for x in p]
    np.testing.assert_allclose(losses.Poly1Focal(gamma=1, epsilon=epsilon).call(Y, Z), expected, 1e-5, 1e-37)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: losses.Poly1(epsilon=-2), "epsilon=-2"),
        (lambda: losses.Poly1Focal(gamma=-1), "gamma=-1"),
        (lambda: losses.FLSD53(threshold=1), "threshold=1"),
        (lambda: losses.FLSD53(gamma_low=-1), "gamma_low=-1"),
        (lambda: losses.DualFocal(gamma=-1), "gamma=-1"),
        (lambda: losses.MaxSup(lam=-1), "lam=-1"),
        (lambda: losses.MaxSup(lam_end=-1), "lam_end=-1"),
        (lambda: losses.ConfidencePenalty(beta=-1), "beta=-1"),
        (lambda: losses.LogitNorm(tau=0), "tau=0"),
        (lambda: losses.MMCE(width=0), "width=0"),
        (lambda: losses.MMCE(weight=-1), "weight=-1"),
        (lambda: losses.MDCA(gamma=-1), "gamma=-1"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
