"""Regression losses: the identities that tie them together, corners, ranges and saving."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossexp import losses
from tests.losses.regression import EVERY, evaluate, name

floats = st.floats(-100, 100, width=32)


@settings(deadline=None, max_examples=50)
@given(y=floats, z=floats, parameter=st.floats(0.1, 10))
def test_identities(y, z, parameter):
    def value(loss):
        return float(loss.call(np.float32([[y]]), np.float32([[z]]))[0])

    mse, mae = value(losses.MSE()), value(losses.MAE())
    near = {"rel": 1e-5, "abs": 1e-5}
    assert value(losses.SmoothL1(beta=parameter)) == pytest.approx(
        value(losses.Huber(delta=parameter)) / parameter, **near
    )
    assert value(losses.Huber(delta=1e6)) == pytest.approx(mse / 2, **near)
    assert value(losses.SmoothL1(beta=1e-6)) == pytest.approx(mae, **near)
    assert value(losses.EpsilonInsensitive(epsilon=0)) == pytest.approx(mae, **near)
    assert value(losses.Quantile(tau=0.5)) == pytest.approx(mae / 2, **near)
    assert value(losses.Expectile(tau=0.5)) == pytest.approx(mse / 2, **near)
    assert value(losses.Barron(alpha=2, scale=parameter)) == pytest.approx(mse / 2 / parameter**2, **near)
    for limit, close in [(2, 2 - 1e-6), (0, 1e-6), (-math.inf, -1e7)]:
        scale = 10 * parameter  # large errors tell the limits apart
        at, beside = losses.Barron(alpha=limit, scale=scale), losses.Barron(alpha=close, scale=scale)
        assert value(at) == pytest.approx(value(beside), rel=2e-3, abs=1e-5)


def test_cosine_similarity_is_minus_the_cosine_and_survives_zero_vectors():
    rng = np.random.default_rng(0)
    y, z = rng.normal(size=(2, 6, 3)).astype(np.float32)
    z[0] = 0.0
    cosine = (y * z).sum(1) / (np.linalg.norm(y, axis=1) * np.maximum(np.linalg.norm(z, axis=1), 1e-30))
    values, gradients = evaluate(losses.CosineSimilarity(), y, z)
    np.testing.assert_allclose(values, -cosine, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(gradients[0], 0.0)
    huge, _ = evaluate(losses.CosineSimilarity(), y, z * np.float32(1e30))
    np.testing.assert_allclose(huge, values, rtol=1e-5, atol=1e-7)


def test_a_negative_output_of_msle_still_learns():
    values, gradients = evaluate(losses.MSLE(), np.float32([[1], [1]]), np.float32([[-3], [-1000]]))
    assert np.isfinite(values).all()
    assert (gradients < 0).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: losses.Huber(delta=-1), "delta"),
        (lambda: losses.SmoothL1(beta=0), "beta"),
        (lambda: losses.Quantile(tau=1), "tau"),
        (lambda: losses.Expectile(tau=0), "tau"),
        (lambda: losses.EpsilonInsensitive(epsilon=-0.1), "epsilon"),
        (lambda: losses.Barron(alpha=math.inf), "alpha"),
        (lambda: losses.Barron(scale=0), "scale"),
        (lambda: losses.Tukey(c=0), "c="),
        (lambda: losses.Wing(width=0), "width"),
        (lambda: losses.Wing(epsilon=0), "epsilon"),
        (lambda: losses.MAPE(floor=0), "floor"),
        (lambda: losses.Poisson(link="log"), "link"),
        (lambda: losses.Tweedie(power=2), "power"),
        (lambda: losses.Tweedie(power=float("nan")), "power"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize("loss", EVERY, ids=name)
def test_every_parameter_survives_serialization(loss):
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert copy.get_config() == loss.get_config()
    assert copy.link == loss.link
