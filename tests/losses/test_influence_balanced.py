"""Influence-balanced loss: against mpmath, and its schedule."""

import numpy as np
import pytest
import tensorflow as tf
from mpmath import mp, mpf

from lossexp.losses import CrossEntropy, InfluenceBalanced
from tests.losses.reference import LOGITS

COUNTS = [600, 40, 3]
ROWS = [
    (z, y, norm)
    for v in LOGITS
    for z, y in (((v, 0.0, 0.0), 0), ((v, 0.0, 0.0), 1), ((v, -v, 0.0), 0))
    for norm in (0.0, 0.5, 40.0)
]
OUTPUTS = np.float32([[*z, norm] for z, _, norm in ROWS])
Y = np.array([y for _, y, _ in ROWS])


def formula(z, y, norm):
    e = [mp.exp(x - max(z)) for x in z]
    p = [x / sum(e) for x in e]
    distance = sum(abs(p[k] - (k == y)) for k in range(3))
    weight = 3 / mpf(COUNTS[y]) / sum(1 / mpf(n) for n in COUNTS)
    return weight * 1000 * -mp.log(p[y]) / (distance * norm + mpf("0.001"))


def exact():
    values, slopes, step = [], [], mpf(10) ** -60
    for z, y, norm in ROWS:
        with mp.workdps(1100):
            point = [mpf(x) for x in (*z, norm)]
            value = formula(point[:3], y, point[3])
            moved = [[x + step * (i == k) for i, x in enumerate(point)] for k in range(4)]
            slopes.append([float((formula(m[:3], y, m[3]) - value) / step) for m in moved])
            values.append(float(value))
    return np.array(values), np.array(slopes)


@pytest.mark.parametrize("mode", ["eager", "graph", "XLA"])
def test_value_and_gradient(mode):
    loss = InfluenceBalanced(class_counts=COUNTS)

    def value_and_gradient(outputs):
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            value = loss.call(Y, outputs)
        return value, tape.gradient(value, outputs)

    if mode != "eager":
        value_and_gradient = tf.function(value_and_gradient, jit_compile=mode == "XLA")
    value, gradient = value_and_gradient(tf.constant(OUTPUTS))
    values, slopes = exact()
    np.testing.assert_allclose(value, values, 1e-5, 1e-37)
    np.testing.assert_allclose(gradient, slopes, 1e-4, 1e-34)
    assert not ((gradient.numpy() == 0) & (np.abs(slopes) > 1e-30)).any()


def test_detached_divisor_leaves_the_gradient_of_cross_entropy():
    z = tf.constant([[1.0, 2.0, -1.0]])

    def outputs():
        return tf.concat([z, [[5.0]]], axis=-1)

    def slopes(f):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = f()
        return tape.gradient(value, z).numpy(), value.numpy()

    kept, _ = slopes(lambda: CrossEntropy().call([0], z))
    got, value = slopes(lambda: InfluenceBalanced(detach=True).call([0], outputs()))
    np.testing.assert_allclose(got / got[0, 0], kept / kept[0, 0], 1e-5)
    np.testing.assert_allclose(value, InfluenceBalanced().call([0], outputs()), 1e-6)


def test_cross_entropy_until_the_start():
    loss = InfluenceBalanced(start=0.5, class_counts=COUNTS)
    expected = InfluenceBalanced(class_counts=COUNTS).call(Y, OUTPUTS)
    plain = CrossEntropy().call(np.eye(3)[Y], OUTPUTS[:, :3])  # by the formula, not by the kernel of class numbers
    for epoch in range(4):
        loss.on_epoch(epoch, 4)
        np.testing.assert_allclose(loss.call(Y, OUTPUTS), expected if epoch >= 2 else plain, 1e-6)
    assert len(loss.variables) == 1


def test_equal_counts_weigh_as_no_counts():
    np.testing.assert_allclose(
        InfluenceBalanced().call(Y, OUTPUTS), InfluenceBalanced(class_counts=[7, 7, 7]).call(Y, OUTPUTS), rtol=1e-6
    )
    with pytest.raises(ValueError, match=r"class_counts\[1\]=0"):
        InfluenceBalanced(class_counts=[1, 0])
    loss = InfluenceBalanced()
    loss.adapt(COUNTS)
    assert InfluenceBalanced.from_config(loss.get_config()).class_counts == COUNTS
    assert loss.num_outputs(3) == 4
