"""Backward correction: what it is without noise, and what it is on average with it."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from lossexp import losses
from tests.losses.four_classes import LABELS, ONE_HOT, close, cross_entropy, gradients, logits, quickly, values

CONFUSED = np.array([[0.75, 0.25, 0, 0], [0, 1, 0, 0], [0.125, 0.25, 0.625, 0], [0, 0, 0.25, 0.75]])


@quickly
@given(z=logits)
def test_without_noise_it_is_cross_entropy(z):
    for wrong in (0, np.eye(4).tolist()):
        loss = losses.BackwardCorrection(T=wrong)
        np.testing.assert_array_equal(values(loss, z), cross_entropy(z))
        np.testing.assert_array_equal(gradients(loss, z), gradients(losses.CrossEntropy(), z, ONE_HOT))


@quickly
@given(z=logits, rate=st.one_of(st.floats(0, 0.6), st.none()))
def test_its_mean_over_noisy_labels_is_the_clean_cross_entropy(z, rate):
    matrix = CONFUSED if rate is None else (1 - rate) * np.eye(4) + rate / 3 * (1 - np.eye(4))
    loss = losses.BackwardCorrection(T=matrix.tolist() if rate is None else rate)
    close(matrix @ values(loss, z), cross_entropy(z), 1e-4, 2e-4)
    close(matrix @ gradients(loss, z), gradients(losses.CrossEntropy(), z), 1e-4, 1e-5)


@quickly
@given(z=logits, clip=st.floats(1e-7, 0.4))
def test_clip_bounds_its_values_and_changes_none_whose_probabilities_are_inside(z, clip):
    loss, clipped = (losses.BackwardCorrection(T=CONFUSED.tolist(), clip=c) for c in (None, clip))
    bound = -np.log(clip) * np.abs(np.linalg.inv(CONFUSED)).sum(axis=1)
    assert (np.abs(values(clipped, z)) <= bound * (1 + 1e-4)).all()
    p = tf.nn.softmax(np.float32(z)).numpy()
    if (p > clip * 1.01).all() and (p < 1 - clip * 1.01).all():
        close(values(clipped, z), values(loss, z))


def test_in_graphs():
    z = np.random.default_rng(0).normal(size=[4, 4]).astype(np.float32)
    loss = losses.BackwardCorrection(T=CONFUSED.tolist())
    for jit_compile in (False, True):
        close(tf.function(loss.call, jit_compile=jit_compile)(LABELS, z), loss.call(LABELS, z))


def test_what_cannot_be_corrected_is_refused():
    z = [0.0, 0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="there are 4 classes"):
        values(losses.BackwardCorrection(T=[[1, 0], [0, 1]]), z)
    for wrong in (0.75, np.full([4, 4], 0.25).tolist()):
        with pytest.raises(ValueError, match="BackwardCorrection: T has the condition number"):
            values(losses.BackwardCorrection(T=wrong), z)
    with pytest.raises(ValueError, match=r"BackwardCorrection\.T\[0\]=\[0\.5, 0\.4\]"):
        losses.BackwardCorrection(T=[[0.5, 0.4], [0, 1]])
    with pytest.raises(ValueError, match="T=1"):
        losses.BackwardCorrection(T=1)
