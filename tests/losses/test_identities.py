"""Losses that must coincide, in value and gradient, on random logits and labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lossexp.losses as losses

COUNTS = [50, 5, 500, 20]
BATCH, K = 24, len(COUNTS)
# A few logits far apart matter as much as many close together.
LOGIT = st.one_of(st.floats(-3, 3, width=32), st.floats(-100, 100, width=32))


def one_minus_p_y(y, z):
    return 1.0 - tf.gather(tf.nn.softmax(z), y, batch_dims=1)


def scaled(factor, loss):
    return lambda y, z: factor * loss.call(y, z)


def adapted(loss):
    loss.adapt(COUNTS)
    return loss


def log_prior(scale):
    return scale * np.log(np.array(COUNTS, np.float32) / sum(COUNTS))


CE = losses.CrossEntropy()
A = math.log(1e-4)
MULTICLASS = {
    "focal at gamma 0": (losses.Focal(gamma=0), CE),
    "focal at equal alpha": (losses.Focal(alpha=[3] * K), scaled(3, losses.Focal())),
    "Kullback-Leibler of hard labels": (losses.KLDivergence(), CE),
    "GCE at q -> 0": (losses.GCE(q=1e-7), CE),
    "GCE at q 1": (losses.GCE(q=1), one_minus_p_y),
    "MAE is twice 1 - p_y": (losses.MAEProb(), scaled(2, losses.GCE(q=1))),
    "Taylor of order 1 is half MAE": (losses.Taylor(order=1), scaled(0.5, losses.MAEProb())),
    "poly at epsilon 0": (losses.Poly1(epsilon=0), CE),
    "poly focal at gamma 0": (losses.Poly1Focal(gamma=0), losses.Poly1()),
    "poly focal at epsilon 0": (losses.Poly1Focal(epsilon=0), losses.Focal()),
    "SCE at (1, 0)": (losses.SCE(alpha=1, beta=0), CE),
    "SCE at (0, 1) is RCE": (losses.SCE(alpha=0, beta=1), losses.RCE()),
    "RCE is -A/2 times MAE": (losses.RCE(A=A), scaled(-A / 2, losses.MAEProb())),
    "normalised focal at gamma 0": (losses.NFL(gamma=0), losses.NCE()),
    "NCE+RCE at (1, 0)": (losses.NCERCE(alpha=1, beta=0), losses.NCE()),
    "NCE+MAE at (0, 1)": (losses.NCEMAE(alpha=0, beta=1), losses.MAEProb()),
    "NFL+RCE at gamma 0": (losses.NFLRCE(gamma=0), losses.NCERCE()),
    "logit adjustment at tau 0": (adapted(losses.LogitAdjusted(tau=0)), CE),
    "balanced softmax": (adapted(losses.BalancedSoftmax()), adapted(losses.LogitAdjusted(tau=1))),
    "logit adjustment": (adapted(losses.LogitAdjusted(tau=2)), lambda y, z: CE.call(y, z + log_prior(2))),
    "VS at gamma 0": (adapted(losses.VS(gamma=0, tau=1.5)), adapted(losses.LogitAdjusted(tau=1.5))),
    "LDAM without margin": (adapted(losses.LDAM(max_m=0, s=1)), CE),
    "CosFace without margin": (losses.CosFace(m=0, s=1), CE),
    "class-balanced at beta 0": (adapted(losses.CBCrossEntropy(beta=0)), CE),
    "class-balanced focal at gamma 0": (
        adapted(losses.CBFocal(gamma=0)),
        adapted(losses.CBCrossEntropy()),
    ),
    "class-balanced as a class weight": (
        adapted(losses.CBFocal(gamma=2)),
        adapted(losses.Focal(gamma=2, class_weight="effective_number")),
    ),
    "seesaw at (0, 0)": (adapted(losses.Seesaw(p=0, q=0)), CE),
    "asymmetric single-label at (0, 0)": (losses.ASLSingle(gamma_pos=0, gamma_neg=0, label_smoothing=0), CE),
    "equal class weights": (losses.CrossEntropy(class_weight=[2] * K), scaled(2, CE)),
    "focal Tversky at exponent 1": (
        losses.FocalTversky(exponent=1, alpha=0.3, beta=0.7),
        losses.Tversky(alpha=0.3, beta=0.7),
    ),
    "Tversky at one half is Dice": (losses.Tversky(alpha=0.5, beta=0.5), losses.Dice()),
}
SMOOTHED = {
    (losses.CBCrossEntropy, losses.CrossEntropy): {},
    (losses.CBFocal, losses.Focal): {"gamma": 2},
}
BINARY = {
    "binary focal at gamma 0": (losses.BinaryFocal(gamma=0), losses.BinaryCrossEntropy()),
    "binary focal at alpha one half": (losses.BinaryFocal(alpha=0.5), scaled(0.5, losses.BinaryFocal())),
    "softmax of (0, z)": (
        losses.BinaryFocal(gamma=1.5),
        lambda y, z: losses.Focal(gamma=1.5).call(y, tf.concat([tf.zeros_like(z), z], -1)),
    ),
    "asymmetric without focusing or clipping": (
        losses.ASL(gamma_pos=0, gamma_neg=0, clip=0),
        losses.BinaryCrossEntropy(),
    ),
    "asymmetric with equal focusing": (
        losses.ASL(gamma_pos=2, gamma_neg=2, clip=0),
        losses.BinaryFocal(gamma=2),
    ),
    "the other label is the other sign": (
        losses.BinaryFocal(alpha=0.2),
        lambda y, z: losses.BinaryFocal(alpha=0.8).call(1 - y, -z),
    ),
}
EXAMPLES = settings(max_examples=8, deadline=None)


@pytest.mark.parametrize("name", MULTICLASS)
@EXAMPLES
@given(
    z=arrays(np.float32, [BATCH, K], elements=LOGIT),
    y=arrays(np.int32, BATCH, elements=st.integers(0, K - 1)),
)
def test_multiclass(name, z, y):
    check(*MULTICLASS[name], y, z)


@pytest.mark.parametrize("reduction", ["none", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("pair", SMOOTHED)
@EXAMPLES
@given(
    z=arrays(np.float32, [BATCH, K], elements=LOGIT),
    y=arrays(np.int32, BATCH, elements=st.integers(0, K - 1)),
    e=st.sampled_from([0.0, 0.1, 0.5]),
)
def test_class_balanced_is_a_class_weight_of_the_label_before_smoothing(pair, reduction, z, y, e):
    shared = {"label_smoothing": e, "reduction": reduction, **SMOOTHED[pair]}
    check(
        adapted(pair[0](**shared)).__call__,
        adapted(pair[1](class_weight="effective_number", **shared)).__call__,
        y,
        z,
    )


@pytest.mark.parametrize("name", BINARY)
@EXAMPLES
@given(
    z=arrays(np.float32, [BATCH, 1], elements=LOGIT),
    y=arrays(np.int32, [BATCH, 1], elements=st.integers(0, 1)),
)
def test_binary(name, z, y):
    check(*BINARY[name], y, z)


@EXAMPLES
@given(z=arrays(np.float32, [BATCH, K], elements=LOGIT))
def test_normalised_cross_entropies_sum_to_one(z):
    total = sum(losses.NCE().call(np.full(BATCH, k), z) for k in range(K))
    np.testing.assert_allclose(total, 1.0, 1e-5)


@EXAMPLES
@given(
    z=arrays(np.float32, [BATCH, K], elements=LOGIT),
    y=arrays(np.int32, BATCH, elements=st.integers(0, K - 1)),
)
def test_focal_at_gamma_0_is_cross_entropy_to_the_bit(z, y):
    """So that a paired comparison of the two finds no difference at all."""
    for a, b in zip(value_and_gradient(losses.Focal(gamma=0).call, y, z), value_and_gradient(CE.call, y, z)):
        np.testing.assert_array_equal(a, b)


def check(a, b, y, z) -> None:
    a, b = (value_and_gradient(getattr(f, "call", f), y, z) for f in (a, b))
    np.testing.assert_allclose(a[0], b[0], 2e-5, 2e-6)
    np.testing.assert_allclose(a[1], b[1], 2e-4, 2e-6)


def value_and_gradient(f, y, z):
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = f(y, z)
    return value.numpy(), tape.gradient(value, z).numpy()
