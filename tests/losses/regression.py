"""Regression losses with their formulas, as functions of the error or of target and raw output."""

import math

import mpmath as mp
import numpy as np
import tensorflow as tf

from lossexp import losses

mp.mp.dps = 60
NOT_SHOWN = ("name", "reduction")


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
    (losses.Poisson(link="exp"), lambda y, z: mp.exp(z) - y * z, [0.0, 1.0, 7.0]),
    (losses.Poisson(link="softplus"), lambda y, z: softplus(z) - y * mp.log(softplus(z)), [0.0, 1.0, 7.0]),
    (losses.Tweedie(power=1.25, link="exp"), lambda y, z: tweedie(y, mp.exp(z), 1.25), [0.0, 1.5, 7.0]),
    (losses.Tweedie(link="softplus"), lambda y, z: tweedie(y, softplus(z), 1.5), [0.0, 1.5, 7.0]),
    (losses.GammaDeviance(link="exp"), lambda y, z: gamma(y, mp.exp(z)), [0.25, 7.0]),
    (losses.GammaDeviance(link="softplus"), lambda y, z: gamma(y, softplus(z)), [0.25, 7.0]),
]

POSITIVE = [
    (losses.MSLE(), lambda y, p: (mp.log(1 + p) - mp.log(1 + y)) ** 2, [0.0, 2.0]),
    (losses.Poisson(), lambda y, p: p - y * mp.log(p), [0.0, 2.0]),
    (losses.Tweedie(), lambda y, p: tweedie(y, p, 1.5), [0.0, 2.0]),
    (losses.GammaDeviance(), gamma, [0.25, 2.0]),
]

ALL = list(dict.fromkeys([case[0] for case in OF_ERROR + OF_PAIR + POSITIVE]))
TWO_OUTPUTS = [losses.GaussianNLL(), losses.CRPS()]
EVERY = [*ALL, *TWO_OUTPUTS, losses.CosineSimilarity()]


def name(case):
    if not isinstance(case, losses.Loss):
        return ""
    return "-".join([type(case).__name__, *(str(v) for k, v in case.get_config().items() if k not in NOT_SHOWN)])


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
