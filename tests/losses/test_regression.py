"""Regression losses against formulas evaluated with 60 digits: eager, graph, XLA, half precision."""

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from lossexp import losses
from tests.losses.regression import ALL, EVERY, OF_ERROR, OF_PAIR, POSITIVE, TWO_OUTPUTS, evaluate, name

ERRORS = [1e-4, 0.03, 0.5, 2.0, 7.0, 30.0, 1000.0]
RATES = [-100.0, -50.0, -10.0, -1.0, 0.0, 0.5, 1.0, 3.0, 10.0, 50.0]


def check(loss, formula, y, z, mode="eager"):
    """`y`, `z`: float32 columns. The reference sees exactly the rounded numbers."""
    values, gradients = evaluate(loss, y, z, mode)
    expected, slopes = [], []
    for a, b in zip(y[:, 0].astype(float), z[:, 0].astype(float)):
        a, b = mp.mpf(a), mp.mpf(b)
        expected.append(float(formula(a, b)))
        slopes.append(float(mp.diff(lambda t, a=a: formula(a, t), b, h=mp.mpf(10) ** -25)))
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=2e-6 * np.abs(y[:, 0]).max())
    np.testing.assert_allclose(gradients[:, 0], slopes, rtol=1e-4, atol=2e-6 * np.abs(y[:, 0]).max())


@pytest.mark.parametrize("mode", ["eager", "function", "xla"])
@pytest.mark.parametrize(("loss", "formula"), OF_ERROR, ids=name)
def test_loss_of_the_error_matches_its_formula(loss, formula, mode):
    z = np.float32([s * e for e in ERRORS for s in (1, -1)])[:, None]
    y = np.zeros_like(z)
    check(loss, lambda a, b: formula(b - a), y, z, mode)


@pytest.mark.parametrize("mode", ["eager", "function", "xla"])
@pytest.mark.parametrize(("loss", "formula", "targets"), OF_PAIR, ids=name)
def test_loss_of_target_and_output_matches_its_formula(loss, formula, targets, mode):
    rates = RATES[1:] if isinstance(loss, losses.GammaDeviance) else RATES  # exp(100) is no float32
    y, z = np.meshgrid(np.float32(targets), np.float32(rates))
    check(loss, formula, y.reshape(-1, 1), z.reshape(-1, 1), mode)


@pytest.mark.parametrize(("loss", "formula", "targets"), POSITIVE, ids=name)
def test_loss_of_positive_predictions_matches_its_formula(loss, formula, targets):
    y, z = np.meshgrid(np.float32(targets), np.float32([0.01, 0.5, 1, 30, 1000]))
    check(loss, formula, y.reshape(-1, 1), z.reshape(-1, 1))


@pytest.mark.parametrize("mode", ["eager", "function", "xla"])
@pytest.mark.parametrize("log_spread", [-20.0, -3.0, 0.0, 1.5, 6.0])
def test_losses_of_a_normal_distribution_match_their_formulas(log_spread, mode):
    means = np.float32([-1000, -10, -2, -0.5, 0.5, 2, 10, 1000])
    z = np.stack([means, np.full_like(means, log_spread)], axis=1)
    y = np.float32([[0.25]] * len(means))

    def nll(mu, v):
        return (v + (mp.mpf("0.25") - mu) ** 2 * mp.exp(-v)) / 2

    def score(mu, log_scale):
        s = mp.exp(log_scale)
        w = (mp.mpf("0.25") - mu) / s
        return s * (w * (2 * mp.ncdf(w) - 1) + 2 * mp.npdf(w) - 1 / mp.sqrt(mp.pi))

    for loss, formula in [(losses.GaussianNLL(), nll), (losses.CRPS(), score)]:
        values, gradients = evaluate(loss, y, z, mode)
        points = [(mp.mpf(float(a)), mp.mpf(float(b))) for a, b in z]
        np.testing.assert_allclose(values, [float(formula(*p)) for p in points], rtol=1e-5, atol=1e-6)
        for i, order in enumerate([(1, 0), (0, 1)]):
            slopes = [float(mp.diff(formula, p, order, h=mp.mpf(10) ** -20)) for p in points]
            np.testing.assert_allclose(gradients[:, i], slopes, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", EVERY, ids=name)
def test_nothing_is_nan_at_corners(loss):
    width = 2 if loss.link == "gaussian" else 1
    z = np.zeros((4, width), np.float32)
    z[:, 0] = [0, 1, -1, 1e-30]
    y = np.float32([[1], [1], [2], [1]])
    for mode in ("eager", "xla"):
        values, gradients = evaluate(loss, y, z, mode)
        assert np.isfinite(values).all()
        assert np.isfinite(gradients).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("loss", [*ALL, *TWO_OUTPUTS], ids=name)
def test_half_precision_outputs_are_computed_in_float32(loss, dtype):
    width = 2 if loss.link == "gaussian" else 1
    z = tf.cast(np.random.default_rng(0).uniform(0.1, 4, (16, width)), dtype)
    y = np.random.default_rng(1).uniform(0.1, 4, (16, 1)).astype(np.float32)
    values, gradients = evaluate(loss, y, z)
    exact, slopes = evaluate(loss, y, tf.cast(z, tf.float32))
    np.testing.assert_array_equal(values, exact)
    np.testing.assert_allclose(gradients, slopes, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("loss", [*ALL, *TWO_OUTPUTS], ids=name)
def test_a_flat_target_does_not_broadcast(loss):
    width = 2 if loss.link == "gaussian" else 1
    z = np.random.default_rng(0).uniform(0.1, 4, (5, width)).astype(np.float32)
    y = np.float32([1, 2, 3, 4, 5])
    assert loss.call(y, z).shape == (5,)
    np.testing.assert_array_equal(loss.call(y, z), loss.call(y[:, None], z))


@pytest.mark.parametrize("link", ["exp", "identity"])
@pytest.mark.parametrize("target", [1e-3, 5.0, 1e4])
@pytest.mark.parametrize("away", [0.5, -0.1, 1e-3, -1e-5])
def test_deviances_do_not_cancel_near_the_target(link, target, away):
    y = np.float32(target)
    z = np.float32(np.log(y) + away if link == "exp" else y * np.exp(away))
    r = (mp.mpf(float(z)) if link == "exp" else mp.log(mp.mpf(float(z)))) - mp.log(mp.mpf(float(y)))
    for loss, true in (
        (losses.GammaDeviance(link=link), 2 * (r + mp.expm1(-r))),
        (losses.Tweedie(link=link), 2 * mp.sqrt(float(y)) * (2 * mp.expm1(-r / 2) + 2 * mp.expm1(r / 2))),
    ):
        assert loss.call([[y]], [[z]]).numpy()[0] == pytest.approx(float(true), rel=1e-5, abs=0.0)


def test_close_predictions_have_exact_logarithmic_and_percentage_errors():
    y, p = np.float32(2.0), np.float32(2.0001)
    true = (mp.log(1 + mp.mpf(float(p))) - mp.log(1 + mp.mpf(float(y)))) ** 2
    assert losses.MSLE().call([[y]], [[p]]).numpy()[0] == pytest.approx(float(true), rel=1e-5, abs=0.0)
    z = tf.constant([[1000.0]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = losses.SMAPE().call([[0.01]], z)
    assert tape.gradient(value, z).numpy()[0, 0] == pytest.approx(400 * 0.01 / 1000.01**2, rel=1e-5)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match="does not fit"):
        losses.MSE()(np.zeros((4, 1)), np.zeros((4, 2)))
