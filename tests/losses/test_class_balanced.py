"""Weights by effective number of examples."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from lossexp.losses import BinaryFocal, CBCrossEntropy, CBFocal, CBSigmoid, Focal
from lossexp.losses.base.class_weights import effective_number
from tests.losses.random_logits import COUNTS, labels_and_logits


@settings(deadline=None, max_examples=10)
@given(labels_and_logits(), st.sampled_from([0.0, 0.5, 2.0]))
def test_beta_0_is_no_weighting(example, gamma):
    y, z = example
    one_hot = tf.one_hot(y, len(COUNTS))  # for which gamma 0 is computed by the formula too
    np.testing.assert_array_equal(
        CBFocal(gamma=gamma, beta=0, class_counts=COUNTS).call(y, z), Focal(gamma=gamma).call(one_hot, z)
    )
    binary = BinaryFocal(gamma=gamma).values(one_hot, tf.constant(z))
    np.testing.assert_array_equal(
        CBSigmoid(gamma=gamma, beta=0, class_counts=COUNTS).call(y, z), tf.reduce_sum(binary, axis=-1)
    )


def test_weights_sum_to_the_number_of_classes():
    values = CBCrossEntropy(beta=0.999, class_counts=COUNTS).call(np.arange(4), np.zeros([4, 4]))
    np.testing.assert_allclose(np.sum(values) / np.log(4), 4, 1e-6)
    assert (np.diff(values) > 0).all()  # COUNTS fall


def test_beta_next_to_1_is_the_inverse_of_the_counts():
    values = CBCrossEntropy(beta=1 - 1e-12, class_counts=COUNTS).call(np.arange(4), np.zeros([4, 4])).numpy()
    np.testing.assert_allclose(values / values[0], COUNTS[0] / np.array(COUNTS), 1e-6)


def test_the_weight_is_that_of_the_label():
    y, z = np.arange(4), np.random.default_rng(0).normal(size=[4, 4])
    weights = effective_number(COUNTS, 0.99)
    balanced = CBFocal(gamma=2.0, beta=0.99, class_counts=COUNTS).call(y, z)
    np.testing.assert_allclose(balanced, weights * Focal(gamma=2.0).call(y, z), 1e-6)
    balanced = CBSigmoid(gamma=2.0, beta=0.99, class_counts=COUNTS).call(y, z)
    plain = CBSigmoid(gamma=2.0, beta=0, class_counts=COUNTS).call(y, z)
    np.testing.assert_allclose(balanced, weights * plain, 1e-6)


def test_initial_bias_makes_every_output_one_in_k():
    assert 1 / (1 + np.exp(-CBSigmoid().initial_bias([9, 9, 9, 9, 9]))) == pytest.approx(0.2)
