"""The two log-probabilities that all classification losses are made of."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp

from lossexp.losses.numerics.log_probabilities import binary_log_probabilities, log_mixture, log_probabilities

EXAMPLES = settings(max_examples=60, deadline=None)


def logits(num_classes, limit):
    return arrays(np.float32, num_classes, elements=st.floats(-limit, limit, width=32))


def margins(z):
    z = z.astype(np.float64)
    return np.array([z[k] - logsumexp(np.delete(z, k)) for k in range(len(z))])


@EXAMPLES
@given(z=st.integers(2, 6).flatmap(lambda k: logits(k, 1000)))
def test_against_margins_in_double_precision(z):
    log_p, log_q = log_probabilities(tf.constant(z))
    m = margins(z)
    np.testing.assert_allclose(log_p, -np.logaddexp(0, -m), 1e-5, 1e-37)
    np.testing.assert_allclose(log_q, -np.logaddexp(0, m), 1e-5, 1e-37)


@EXAMPLES
@given(z=st.integers(2, 6).flatmap(lambda k: logits(k, 80)))
def test_gradients_against_double_precision(z):
    m, k = margins(z), len(z)
    rows = tf.constant(np.tile(z, [k, 1]))  # row j for the gradient of class j
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(rows)
        log_p, log_q = (tf.linalg.diag_part(x) for x in log_probabilities(rows))
    slope = np.eye(k)
    for j in range(k):
        others = np.where(np.arange(k) == j, -np.inf, z.astype(np.float64))
        slope[j] -= np.exp(others - logsumexp(others))
    p, q = 1 / (1 + np.exp(-m)), 1 / (1 + np.exp(m))
    np.testing.assert_allclose(tape.gradient(log_p, rows), q[:, None] * slope, 1e-4, 1e-35)
    np.testing.assert_allclose(tape.gradient(log_q, rows), -p[:, None] * slope, 1e-4, 1e-35)


@EXAMPLES
@given(z=st.floats(-1000, 1000, width=32))
def test_two_classes_are_one_sigmoid(z):
    log_p, log_q = log_probabilities([z, 0.0])
    for ours, binary in zip((log_p, log_q), binary_log_probabilities(z)):
        np.testing.assert_allclose(ours[0], binary, 1e-6, 1e-37)
    np.testing.assert_allclose(log_p, log_q[::-1], 1e-6, 1e-37)


@EXAMPLES
@given(z=st.integers(2, 6).flatmap(lambda k: logits(k, 1000)), shift=st.integers(-512, 512))
def test_a_shift_of_all_logits_changes_nothing(z, shift):
    z = np.round(z)  # so that the shift is exact
    for a, b in zip(log_probabilities(tf.constant(z)), log_probabilities(tf.constant(z + shift))):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("spread", [0.1, 3.0, 100.0])
def test_many_classes(spread):
    z = np.random.default_rng(0).normal(0.0, spread, [2, 1000]).astype(np.float32)
    log_p, log_q = log_probabilities(z)
    for row in range(len(z)):
        m = margins(z[row])
        np.testing.assert_allclose(log_p[row], -np.logaddexp(0, -m), 1e-5, 1e-37)
        np.testing.assert_allclose(log_q[row], -np.logaddexp(0, m), 1e-5, 1e-37)


@pytest.mark.parametrize("num_classes", [2, 3, 10, 1000])
def test_equal_logits(num_classes):
    log_p, log_q = log_probabilities(tf.zeros([num_classes]))
    np.testing.assert_allclose(log_p, np.log(1 / num_classes), 1e-6)
    np.testing.assert_allclose(log_q, np.log1p(-1 / num_classes), 1e-6)


def test_not_a_number_stays_visible():
    assert np.isnan(log_probabilities([[0.0, float("nan"), 1.0]])).all()


@EXAMPLES
@given(
    w=st.floats(0, 1, width=32, allow_subnormal=False), a=st.floats(-1000, 0, width=32), b=st.floats(-1000, 0, width=32)
)
def test_mixture(w, a, b):
    with np.errstate(divide="ignore"):
        expected = np.logaddexp(np.log(np.float64(w)) + a, np.log1p(-np.float64(w)) + b)
    np.testing.assert_allclose(log_mixture(tf.constant(w), a, b), expected, 1e-5, 1e-6)
