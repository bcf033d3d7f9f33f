"""CosFace and ArcFace."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from lossexp.base.links import probabilities
from lossexp.losses import ArcFace, CosFace, CrossEntropy
from lossexp.losses.margin.cosine_margins import margin_softmax
from tests.losses.random_logits import labels_and_logits

cosines = labels_and_logits(largest=1.0)
properties = settings(deadline=None, max_examples=10)


@properties
@given(cosines, st.sampled_from([1.0, 30.0]))
def test_margin_0_is_cross_entropy_of_the_scaled_cosines(example, s):
    y, c = example
    values = CrossEntropy().call(y, s * c)
    np.testing.assert_allclose(CosFace(m=0, s=s).call(y, c), values, 1e-4, 1e-35)
    np.testing.assert_allclose(ArcFace(m=0, s=s).call(y, c), values, 1e-4, 1e-35)


@properties
@given(cosines)
def test_margin_costs_the_true_class_only(example):
    y, c = example
    shifted = c.copy()
    shifted[np.arange(len(y)), y] -= 0.25
    np.testing.assert_allclose(CosFace(m=0.25, s=8.0).call(y, c), CrossEntropy().call(y, 8 * shifted), 1e-4, 1e-35)


@pytest.mark.parametrize("monotone", [False, True])
@pytest.mark.parametrize("jit", [False, True])
def test_arcface_is_finite_at_and_beyond_the_ends(monotone, jit):
    """Rounding can put a cosine beyond 1, where acos is NaN and its slope infinite."""
    ends = tf.constant([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [1.0000001, -1.0000001, 0.0], [-1.0000001, 1.0, 0.0]])

    @tf.function(jit_compile=jit)
    def value_and_gradient(c):
        with tf.GradientTape() as tape:
            tape.watch(c)
            value = ArcFace(monotone=monotone).call(tf.zeros(4), c)
        return value, tape.gradient(value, c)

    value, gradient = value_and_gradient(ends)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert np.all(gradient.numpy()[[1, 3], 0] != 0)


def test_monotone_arcface_keeps_falling_in_the_cosine():
    c = np.linspace(-1, 1, 401)
    outputs = np.stack([c, np.zeros(401)], axis=1)
    values = ArcFace(m=0.5, s=8, monotone=True).call(np.zeros(401), outputs)
    assert (np.diff(values) < 1e-6).all()
    assert (np.diff(ArcFace(m=0.5, s=8).call(np.zeros(401), outputs)) > 1e-3).any()


def test_probabilities_use_the_scale_and_rank_by_cosine():
    c = np.random.default_rng(0).uniform(-1, 1, [9, 5])
    p = probabilities(c, CosFace(s=20).link)
    np.testing.assert_allclose(p, probabilities(20 * c, "softmax"), 1e-12)
    np.testing.assert_array_equal(p.argmax(1), c.argmax(1))


def test_both_are_one_function_of_their_margins():
    t, c = np.eye(4, dtype=np.float32), tf.constant(np.random.default_rng(0).uniform(-1, 1, [4, 4]), tf.float32)
    np.testing.assert_array_equal(margin_softmax(t, c, 0.2, 9.0), CosFace(m=0.2, s=9.0).call(np.arange(4), c))
    margins = c - np.cos(np.arccos(c) + 0.2)
    np.testing.assert_allclose(margin_softmax(t, c, margins, 9.0), ArcFace(m=0.2, s=9.0).call(np.arange(4), c), 1e-5)
