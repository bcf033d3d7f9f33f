"""Losses for wrong labels: the identities that tie them to cross-entropy and to each other; ranges."""

import math
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special

from lossexp import losses
from tests.losses.four_classes import LABELS, close, cross_entropy, gradients, logits, quickly, values


def wrongness(z):
    """`1 - p_y` for every label, float64."""
    p = special.softmax(np.float64(z))
    return np.array([np.delete(p, y).sum() for y in LABELS])


@quickly
@given(z=logits)
def test_limits_that_are_cross_entropy(z):
    for loss in (
        losses.SCE(alpha=1, beta=0),
        losses.BootSoft(beta=1),
        losses.BootHard(beta=1),
        losses.Forward(T=0),
        losses.Forward(T=np.eye(4).tolist()),
        losses.BiTempered(t1=1, t2=1),
        losses.Poly1(epsilon=0),
        losses.ConfidencePenalty(beta=0),
        losses.MaxSup(lam=0),
        losses.DualFocal(gamma=0),
        losses.FLSD53(gamma_low=0, gamma_high=0),
    ):
        close(values(loss, z), cross_entropy(z))
        close(gradients(loss, z), gradients(losses.CrossEntropy(), z), 1e-4)
    for loss, rel in [
        (losses.GCE(q=1e-6), 2e-5),
        (losses.AGCE(a=0, q=1e-6), 2e-5),
        (losses.BiTempered(t1=1 - 1e-7, t2=1 + 1e-7), 1e-4),
    ]:
        close(values(loss, z), cross_entropy(z), rel)


@quickly
@given(z=logits)
def test_losses_that_are_multiples_of_the_wrong_probability(z):
    wrong = wrongness(z)
    close(values(losses.GCE(q=1), z), wrong)
    close(values(losses.Taylor(order=1), z), wrong)
    close(values(losses.AGCE(a=2.5, q=1), z), wrong)
    close(values(losses.AUL(a=2.5, q=1), z), wrong)
    close(values(losses.MAEProb(), z), 2 * wrong)
    close(values(losses.RCE(), z), -math.log(1e-4) * wrong)
    close(values(losses.RCE(A=-4), z), 4 * wrong)


def test_jensen_shannon_goes_from_cross_entropy_to_the_wrong_probability():
    z = [0.5, -1.0, 2.0, 0.25]
    close(values(losses.JS(pi1=1e-7), z), cross_entropy(z), 1e-4)
    gaps = [values(losses.JS(pi1=w), z) - wrongness(z) for w in (0.01, 0.5, 0.99, 1 - 1e-12)]
    for wider, narrower in pairwise(gaps):
        assert (wider > narrower).all()
    assert (np.abs(gaps[-1]) < 0.06).all()  # it approaches its limit like 1 / log(1 - pi1)


@quickly
@given(z=logits, gamma=st.floats(0, 5))
def test_normalised_values_of_all_labels_sum_to_one(z, gamma):
    close(values(losses.NCE(), z).sum(), 1)
    close(values(losses.NFL(gamma=gamma), z).sum(), 1)
    close(values(losses.NFL(gamma=0), z), values(losses.NCE(), z))


@quickly
@given(z=logits, alpha=st.floats(0, 5), beta=st.floats(0, 5))
def test_sums_of_two_losses(z, alpha, beta):
    assume(alpha or beta)
    nce, rce = values(losses.NCE(), z), values(losses.RCE(), z)
    close(values(losses.SCE(alpha=alpha, beta=beta), z), alpha * cross_entropy(z) + beta * rce)
    close(values(losses.NCERCE(alpha=alpha, beta=beta), z), alpha * nce + beta * rce)
    mae, nfl = values(losses.MAEProb(), z), values(losses.NFL(gamma=2), z)
    close(values(losses.NCEMAE(alpha=alpha, beta=beta), z), alpha * nce + beta * mae)
    close(values(losses.NFLRCE(alpha=alpha, beta=beta, gamma=2), z), alpha * nfl + beta * rce)


@quickly
@given(z=logits)
def test_taylor_grows_to_cross_entropy(z):
    orders = [values(losses.Taylor(order=n), z) for n in (1, 2, 5, 200)]
    for fewer, more in zip(orders, [*orders[1:], cross_entropy(z)]):
        assert (fewer <= more * (1 + 1e-5)).all()
    sure = wrongness(z) < 0.9
    close(orders[-1][sure], cross_entropy(z)[sure])


@quickly
@given(z=logits, q=st.floats(0.05, 3))
def test_limits_of_asymmetric_losses(z, q):
    """At a 0 and 1, AGCE is GCE and AUL a power of the wrong probability; for large a all are multiples of it."""
    wrong = wrongness(z)
    close(values(losses.AGCE(a=0, q=min(q, 1)), z), values(losses.GCE(q=min(q, 1)), z))
    high = max(q, 0.5)
    close(values(losses.AUL(a=1 + 1e-9, q=high), z), wrong**high / high, 1e-3, 1e-3)
    for loss in (losses.AGCE(a=1e4, q=q), losses.AUL(a=1e4, q=q)):
        close(values(loss, z) / 1e4 ** (q - 1), wrong, 1e-3)
    close(1e3 * (values(losses.AEL(a=1e3), z) - np.exp(-1e-3)), wrong, 2e-3, 1e-4)


@quickly
@given(share=st.floats(0.51, 0.99), p=st.floats(1e-4, 1 - 1e-4))
def test_asymmetric_losses_are_least_at_the_most_frequent_label(share, p):
    """Of two labels; for the powers at which it holds however small the majority."""
    sure, unsure = np.array([40.0, -40.0, -40.0, -40.0]), [np.log(p), np.log1p(-p), -40.0, -40.0]
    for loss in (losses.AGCE(q=1.5), losses.AUL(q=0.5), losses.AEL(a=1e3), losses.MAEProb()):
        at_majority, between = (share * v[0] + (1 - share) * v[1] for v in (values(loss, sure), values(loss, unsure)))
        assert at_majority <= between + 1e-6


def test_soft_labels_average_the_losses_that_are_linear_in_the_label():
    z, t = [0.5, -1.0, 2.0, 0.25], np.float32([[0.5, 0.25, 0.25, 0.0]])
    for name in ("GCE", "AGCE", "AUL", "AEL", "Taylor", "NCE", "NFL", "BootSoft", "Forward", "Poly1", "Poly1Focal"):
        loss = getattr(losses, name)()
        close(values(loss, z, t), (t[0] * values(loss, z)).sum())


def test_detached_normalised_focal_has_the_same_value_and_the_gradient_of_a_weighted_loss():
    z = tf.constant([[0.5, -1.0, 2.0, 0.25]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        log_p = tf.nn.log_softmax(z)[0]
        factor = tf.stop_gradient((1 - tf.exp(log_p)) ** 2)
        expected = factor[1] * log_p[1] / tf.reduce_sum(factor * log_p)
        value = losses.NFL(gamma=2, detach=True).call([1], z)
    close(value, expected)
    close(tape.gradient(value, z), tape.gradient(expected, z), 1e-5)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: losses.GCE(q=0), "q=0"),
        (lambda: losses.GCE(q=1.5), "q=1.5"),
        (lambda: losses.AGCE(a=-0.5), "a=-0.5"),
        (lambda: losses.AGCE(q=0), "q=0"),
        (lambda: losses.AUL(a=1), "a=1"),
        (lambda: losses.AUL(q=-1), "q=-1"),
        (lambda: losses.AEL(a=0), "a=0"),
        (lambda: losses.Taylor(order=0), "order=0"),
        (lambda: losses.Taylor(order=1.5), "order=1.5"),
        (lambda: losses.SCE(alpha=-1), "alpha=-1"),
        (lambda: losses.SCE(A=0), "A=0"),
        (lambda: losses.RCE(A=4), "A=4"),
        (lambda: losses.NFL(gamma=-1), "gamma=-1"),
        (lambda: losses.NCEMAE(beta=-1), "beta=-1"),
        (lambda: losses.JS(pi1=0), "pi1=0"),
        (lambda: losses.JS(pi1=1), "pi1=1"),
        (lambda: losses.BootSoft(beta=1.1), "beta=1.1"),
        (lambda: losses.Forward(T=1), "T=1"),
        (lambda: losses.Forward(T=[[0.5, 0.4], [0, 1]]), r"T\[0\]"),
        (lambda: losses.Forward(T=[[0.5, 0.5], [0.5, 0.25, 0.25]]), r"T\[1\]"),
        (lambda: losses.Forward(T=[[1.5, -0.5], [0, 1]]), r"T\[0\]\[0\]"),
        (lambda: losses.BiTempered(t1=1.5), "t1=1.5"),
        (lambda: losses.BiTempered(t1=1, t2=0.5), "t2=0.5"),
        (lambda: losses.BiTempered(t1=0, t2=0), "t2=0"),
        (lambda: losses.GCE(label_smoothing=1), "label_smoothing=1"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
