"""Losses along a line of outputs, against formulas."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from lossexp import losses
from lossexp.curves.profile import default_limits, error_profile, margin_profile, margins

MARGINS = margins(-10.0, 10.0)
FALLING = -1.0 / (1.0 + np.exp(MARGINS))


@pytest.mark.parametrize(
    ("loss", "num_classes"),
    [
        (losses.CrossEntropy(), 2),
        (losses.CrossEntropy(), 10),
        (losses.BinaryCrossEntropy(), 2),
        (losses.CosFace(s=64.0, m=0.0), 10),
        (losses.as_loss(keras.losses.CategoricalCrossentropy(from_logits=True)), 5),
    ],
    ids=["softmax", "ten classes", "sigmoid", "cosines", "keras"],
)
def test_every_link_has_the_same_margin(loss, num_classes):
    for label in (0, num_classes - 1):
        profile = margin_profile(loss, MARGINS, label, num_classes)
        np.testing.assert_allclose(profile.value, np.logaddexp(0.0, -MARGINS), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(profile.slope, FALLING, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(profile.p, 1.0 + FALLING, rtol=1e-6)


def test_one_against_the_rest_has_that_margin_in_every_output():
    profile = margin_profile(losses.ZLPR(), MARGINS, 0, 2)
    np.testing.assert_allclose(profile.value, 2.0 * np.logaddexp(0.0, -MARGINS), rtol=1e-4)
    np.testing.assert_allclose(profile.slope, 2.0 * FALLING, rtol=1e-4)


def test_margins_that_cosines_cannot_reach_are_left_out():
    loss = losses.ArcFace(s=5.0)
    assert default_limits(loss) == (-5.0, 5.0)
    profile = margin_profile(loss, MARGINS, 0, 2)
    np.testing.assert_array_equal(np.isnan(profile.value), np.abs(MARGINS) > 5.0)


def test_margins_are_close_as_margins_and_as_probabilities():
    p = 1.0 / (1.0 + np.exp(-margins(-30.0, 30.0)))
    assert np.diff(margins(-30.0, 30.0)).max() < 0.2
    assert np.diff(p).max() < 0.02
    assert 0.0 not in MARGINS  # kinks stay between points


def test_examples_are_alone_in_their_batch():
    """A batch loss would rank or average the examples of different margins."""
    profile = margin_profile(losses.LovaszSoftmax(), MARGINS, 0, 2)
    np.testing.assert_allclose(profile.value, -FALLING, rtol=1e-4)


def test_running_state_is_left_as_it_was():
    loss = losses.EQLv2()
    loss.adapt([100, 10])
    before = [variable.numpy() for variable in loss.variables]
    first = margin_profile(loss, MARGINS, 1, 2)
    second = margin_profile(loss, MARGINS, 1, 2)
    np.testing.assert_array_equal(first.value, second.value)
    for variable, value in zip(loss.variables, before):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize(
    ("loss", "value", "slope"),
    [
        (losses.MSE(), lambda p: (p - 3.0) ** 2, lambda p: 2.0 * (p - 3.0)),
        (losses.GaussianNLL(), lambda p: (p - 3.0) ** 2 / 2.0, lambda p: p - 3.0),
        (losses.Poisson(link="exp"), lambda p: p - 3.0 * np.log(p), lambda p: p - 3.0),
        (
            losses.Poisson(link="softplus"),
            lambda p: p - 3.0 * np.log(p),
            lambda p: (1 - 3 / p) * -np.expm1(-p),
        ),
    ],
    ids=["identity", "gaussian", "exp", "softplus"],
)
def test_errors_are_of_the_prediction_and_gradients_of_the_output(loss, value, slope):
    profile = error_profile(loss, np.linspace(-2.5, 6.0, 50), target=3.0)
    np.testing.assert_allclose(profile.value, value(profile.x + 3.0), atol=1e-4)
    np.testing.assert_allclose(profile.slope, slope(profile.x + 3.0), atol=1e-4)
    assert profile.p is None


def test_impossible_predictions_are_left_out():
    assert error_profile(losses.Poisson(link="exp"), np.linspace(-6.0, 6.0, 50), 3.0).x.min() > -3.0
