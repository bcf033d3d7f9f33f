"""Outputs far out: values may overflow where the true one does, but nothing is NaN."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from lossexp import losses
from tests.losses.options import OPTIONS, make, num_classes
from tests.losses.regression import EVERY, evaluate, name

TARGETS = [0.0, 1e-3, 1.0, 40.0, 1e4]
OUTPUTS = [0.0, *(s * z for z in (1e-3, 1.0, 30.0, 98.0, 177.0, 1e3, 1e4, 3e4) for s in (1, -1))]
VALUES = [
    *EVERY,
    *(make(option) for option in OPTIONS if "regression" in make(option).tasks),
    *(losses.Tweedie(power=power, link=link) for power in (1.01, 1.9, 1.99) for link in ("exp", "softplus")),
    losses.Barron(alpha=-2.0, scale=1e-3),
    losses.Tukey(c=1e-3),
]


def grid(loss):
    """Every target that the loss takes with every output, and with every spread where it has one."""
    targets = [y for y in TARGETS if y > 0 or getattr(loss, "domain", "real") != "positive"]
    if loss.link == "gaussian":
        y, mean, spread = (x.ravel() for x in np.meshgrid(targets, OUTPUTS + targets, OUTPUTS))
        return np.float32(y)[:, None], np.float32(np.stack([mean, spread], axis=1))
    y, z = (np.float32(x).reshape(-1, 1) for x in np.meshgrid(targets, OUTPUTS))
    return y, z


@pytest.mark.parametrize("loss", VALUES, ids=name)
def test_losses_of_values(loss):
    values, gradients = evaluate(loss, *grid(loss))
    assert not np.isnan(values).any()
    assert not np.isnan(gradients).any()


@pytest.mark.parametrize("loss", [losses.MSE(), losses.Huber(), losses.CRPS(), losses.SMAPE()], ids=name)
def test_nothing_overflows_that_is_a_float(loss):
    y, z = grid(loss)
    if loss.link == "gaussian":
        fits = z[:, 1] < 80.0
        y, z = y[fits], z[fits]
    for result in evaluate(loss, y, z):
        assert np.isfinite(result).all()


OURS = [option for option in OPTIONS if not option.startswith("keras_")]  # Keras's own have NaN gradients


@pytest.mark.parametrize("option", [o for o in OURS if "regression" not in make(o).tasks])
def test_losses_of_classes(option):
    loss = make(option)
    width = loss.num_outputs(num_classes(loss))
    z = np.float32(np.random.default_rng(0).choice([-3e4, -1e4, -1e3, 0.0, 1.0, 1e3, 1e4, 3e4], [60, width]))
    if loss.head == "norm":
        z[:, -1] = np.abs(z[:, -1])
    if loss.head == "cosine":
        z = np.sign(z)
    classes = np.arange(60) % num_classes(loss)
    y = np.eye(num_classes(loss), dtype=np.float32)[classes] if loss.labels == "onehot" else classes
    y = np.float32(classes)[:, None] if loss.labels == "binary" else y
    with tf.GradientTape() as tape:
        z = tf.constant(z)
        tape.watch(z)
        values = loss.call(tf.constant(y), z)
    assert np.isfinite(values).all()
    assert np.isfinite(tape.gradient(values, z)).all()


@pytest.mark.parametrize("power", [1.1, 1.5, 1.9])
@pytest.mark.parametrize("mode", ["eager", "function", "xla"])
@pytest.mark.parametrize("z", [-1e4, -200.0, -90.0, -1.0, 3.0])
def test_tweedie_of_no_amount(power, z, mode):
    """`2 m^(2 - p) / (2 - p)`, however small the mean."""
    loss, target = losses.Tweedie(power=power, link="exp"), np.zeros([1, 1], np.float32)
    values, gradients = evaluate(loss, target, np.float32([[z]]), mode)
    true = 2 * mp.exp((2 - power) * z) / (2 - power)
    np.testing.assert_allclose(values, [float(true)], 1e-5, 1e-37)
    np.testing.assert_allclose(gradients, [[float((2 - power) * true)]], 1e-5, 1e-37)


def test_a_certain_gaussian_that_is_right():
    values, gradients = evaluate(losses.GaussianNLL(), np.float32([[3.0]]), np.float32([[3.0, -1e4]]))
    np.testing.assert_allclose(values, [-5e3])
    np.testing.assert_allclose(gradients, [[0.0, 0.5]])


def test_a_wide_gaussian_far_off():
    """The square alone is no float32, the value is."""
    values, gradients = evaluate(losses.GaussianNLL(), np.float32([[0.0]]), np.float32([[1e25, 100.0]]))
    true = 1e50 * mp.exp(-100) / 2
    np.testing.assert_allclose(values, [float(50 + true)], 1e-5)
    np.testing.assert_allclose(gradients, [[float(2 * true / 1e25), float(0.5 - true)]], 1e-4)


@pytest.mark.parametrize("alpha", [1.999999, 1.0, 0.0, -2.0])
def test_errors_whose_square_is_no_float32(alpha):
    """Charbonnier's slope is 1 however far, those of the others are small or large, and none is NaN."""
    z = np.float32([[1e15], [1e17], [1e20], [1e30]])
    values, gradients = evaluate(losses.Barron(alpha=alpha), np.zeros_like(z), z)
    assert not np.isnan(values).any()
    assert not np.isnan(gradients).any()
    if alpha == 1.0:
        np.testing.assert_allclose(values, z[:, 0], 1e-4)
        np.testing.assert_allclose(gradients, 1.0, 1e-4)
