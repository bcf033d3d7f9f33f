"""Logit adjustment, balanced softmax and the vector-scaling loss."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lossexp.losses import VS, BalancedSoftmax, CrossEntropy, LogitAdjusted
from lossexp.losses.imbalance.logit_adjustment import balanced_softmax, logit_adjusted, vs
from tests.losses.random_logits import COUNTS, labels_and_logits


@settings(deadline=None, max_examples=10)
@given(labels_and_logits(), st.floats(0, 3))
def test_equal_counts_are_cross_entropy(example, tau):
    y, z = example
    values = CrossEntropy().call(y, z)
    for loss in (
        LogitAdjusted(tau=tau, class_counts=[7] * 4),
        BalancedSoftmax(class_counts=[7] * 4),
        VS(gamma=0.3, tau=tau, class_counts=[7] * 4),
    ):
        np.testing.assert_allclose(loss.call(y, z), values, 1e-4, 1e-35)


def test_raw_logits_of_balanced_classes_predict():
    """Logits that fit the imbalanced data once adjusted are those of equal classes."""
    prior = np.array(COUNTS) / np.sum(COUNTS)
    z = np.zeros([4, 4])
    assert LogitAdjusted.link == "softmax"
    np.testing.assert_allclose(LogitAdjusted(class_counts=COUNTS).call(np.arange(4), z), -np.log(prior), 1e-5)


def test_functions_are_the_classes():
    y, z = np.arange(4), np.random.default_rng(0).normal(size=[4, 4])
    np.testing.assert_array_equal(
        logit_adjusted(y, z, COUNTS, 0.5), LogitAdjusted(tau=0.5, class_counts=COUNTS).call(y, z)
    )
    np.testing.assert_array_equal(balanced_softmax(y, z, COUNTS), BalancedSoftmax(class_counts=COUNTS).call(y, z))
    np.testing.assert_array_equal(vs(y, z, COUNTS, 0.5, 2.0), VS(gamma=0.5, tau=2.0, class_counts=COUNTS).call(y, z))
