"""Regression losses against formulas evaluated with 60 digits, and the identities that tie them together."""

import math

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from lossexp import losses

mp.mp.dps = 60
NOT_SHOWN = ("name", "reduction")
ERRORS = [1e-4, 0.03, 0.5, 2.0, 7.0, 30.0, 1000.0]
RATES = [-100.0, -50.0, -10.0, -1.0, 0.0, 0.5, 1.0, 3.0, 10.0, 50.0]


def barron(e, alpha, c):
    b = abs(mp.mpf(alpha) - 2)
    return b / mp.mpf(alpha) * (((e / mp.mpf(c)) ** 2 / b + 1) ** (mp.mpf(alpha) / 2) - 1)


def wing(e, w, eps):
    w, eps = mp.mpf(w), mp.mpf(eps)
    return w * mp.log(1 + abs(e) / eps) if abs(e) < w else abs(e) - (w - w * mp.log(1 + w / eps))


def tukey(e, c):
    c = mp.mpf(c)
    return c**2 / 6 * (1 - (1 - (e / c) ** 2) ** 3) if abs(e) <= c else c**2 / 6


def huber(e, d):
    return e**2 / 2 if abs(e) <= d else d * abs(e) - mp.mpf(d) ** 2 / 2


def softplus(z):
    return mp.log(1 + mp.exp(z))


def tweedie(y, m, p):
    p = mp.mpf(p)
    return 2 * (y ** (2 - p) / ((1 - p) * (2 - p)) - y * m ** (1 - p) / (1 - p) + m ** (2 - p) / (2 - p))


def gamma(y, m):
    return 2 * (mp.log(m / y) + y / m - 1)


# (loss, formula of the error e = prediction - target); every formula is even or uses the sign of e.
OF_ERROR = [
    (losses.MSE(), lambda e: e**2),
    (losses.MAE(), abs),
    (losses.LogCosh(), lambda e: mp.log(mp.cosh(e))),
    (losses.Huber(delta=1.5), lambda e: huber(e, 1.5)),
    (losses.SmoothL1(beta=0.25), lambda e: huber(e, 0.25) / 0.25),
    (losses.Quantile(tau=0.75), lambda e: max(-0.75 * e, 0.25 * e)),
    (losses.Expectile(tau=0.75), lambda e: (0.75 if e <= 0 else 0.25) * e**2),
    (losses.EpsilonInsensitive(epsilon=0.25), lambda e: max(abs(e) - 0.25, mp.mpf(0))),
    (losses.Barron(alpha=1), lambda e: mp.sqrt(e**2 + 1) - 1),
    (losses.Barron(alpha=2, scale=0.5), lambda e: 2 * e**2),
    (losses.Barron(alpha=0, scale=2), lambda e: mp.log(e**2 / 8 + 1)),
    (losses.Barron(alpha=-2), lambda e: 2 * e**2 / (e**2 + 4)),
    (losses.Barron(alpha=-math.inf, scale=4), lambda e: 1 - mp.exp(-(e**2) / 32)),
    (losses.Barron(alpha=0.5), lambda e: barron(e, 0.5, 1)),
    (losses.Barron(alpha=-8.0, scale=3.0), lambda e: barron(e, -8, 3)),
    (losses.Tukey(c=4.5), lambda e: tukey(e, 4.5)),
    (losses.Wing(), lambda e: wing(e, 10, 2)),
]

# (loss, formula of target y and raw output z, targets)
OF_PAIR = [
    (losses.MAPE(), lambda y, z: 100 * abs(z - y) / abs(y), [0.5, -3.0]),
    (losses.SMAPE(), lambda y, z: 200 * abs(z - y) / (abs(y) + abs(z)), [0.25, -3.0]),
    (losses.Poisson(), lambda y, z: mp.exp(z) - y * z, [0.0, 1.0, 7.0]),
    (losses.Poisson(link="softplus"), lambda y, z: softplus(z) - y * mp.log(softplus(z)), [0.0, 1.0, 7.0]),
    (losses.Tweedie(power=1.25), lambda y, z: tweedie(y, mp.exp(z), 1.25), [0.0, 1.5, 7.0]),
    (losses.Tweedie(link="softplus"), lambda y, z: tweedie(y, softplus(z), 1.5), [0.0, 1.5, 7.0]),
    (losses.GammaDeviance(), lambda y, z: gamma(y, mp.exp(z)), [0.25, 7.0]),
    (losses.GammaDeviance(link="softplus"), lambda y, z: gamma(y, softplus(z)), [0.25, 7.0]),
]

POSITIVE = [
    (losses.MSLE(), lambda y, p: (mp.log(1 + p) - mp.log(1 + y)) ** 2, [0.0, 2.0]),
    (losses.Poisson(link="identity"), lambda y, p: p - y * mp.log(p), [0.0, 2.0]),
    (losses.Tweedie(link="identity"), lambda y, p: tweedie(y, p, 1.5), [0.0, 2.0]),
    (losses.GammaDeviance(link="identity"), gamma, [0.25, 2.0]),
]


def name(case):
    if not isinstance(case, losses.Loss):
        return ""
    return "-".join(
        [type(case).__name__, *(str(v) for k, v in case.get_config().items() if k not in NOT_SHOWN)]
    )


def evaluate(loss, y, z, mode="eager"):
    """Values and gradients, `[n]` each, of targets `y` and outputs `z` (any float dtype)."""

    def both(y, z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            values = loss.call(y, z)
        return values, tape.gradient(values, z)

    run = both if mode == "eager" else tf.function(both, jit_compile=mode == "xla")
    values, gradients = run(tf.constant(y), tf.constant(z))
    assert values.dtype == tf.float32
    return values.numpy(), gradients.numpy().astype(np.float64)


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


ALL = list(dict.fromkeys([case[0] for case in OF_ERROR + OF_PAIR + POSITIVE]))
TWO = [losses.GaussianNLL(), losses.CRPS()]


@pytest.mark.parametrize("loss", [*ALL, *TWO, losses.CosineSimilarity()], ids=name)
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
@pytest.mark.parametrize("loss", [*ALL, *TWO], ids=name)
def test_half_precision_outputs_are_computed_in_float32(loss, dtype):
    width = 2 if loss.link == "gaussian" else 1
    z = tf.cast(np.random.default_rng(0).uniform(0.1, 4, (16, width)), dtype)
    y = np.random.default_rng(1).uniform(0.1, 4, (16, 1)).astype(np.float32)
    values, gradients = evaluate(loss, y, z)
    exact, slopes = evaluate(loss, y, tf.cast(z, tf.float32))
    np.testing.assert_array_equal(values, exact)
    np.testing.assert_allclose(gradients, slopes, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("loss", [*ALL, *TWO], ids=name)
def test_a_flat_target_does_not_broadcast(loss):
    width = 2 if loss.link == "gaussian" else 1
    z = np.random.default_rng(0).uniform(0.1, 4, (5, width)).astype(np.float32)
    y = np.float32([1, 2, 3, 4, 5])
    assert loss.call(y, z).shape == (5,)
    np.testing.assert_array_equal(loss.call(y, z), loss.call(y[:, None], z))


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


@pytest.mark.parametrize("loss", [*ALL, *TWO, losses.CosineSimilarity()], ids=name)
def test_every_parameter_survives_serialization(loss):
    import keras

    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert copy.get_config() == loss.get_config()
    assert copy.link == loss.link
