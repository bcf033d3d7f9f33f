"""Logit adjustment, balanced softmax and the vector-scaling loss."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from lossexp.losses import VS, BalancedSoftmax, CrossEntropy, LogitAdjusted
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


def test_all_are_cross_entropy_of_scaled_and_shifted_logits():
    y, z = np.arange(4), np.random.default_rng(0).normal(size=[4, 4])

    def expected(gamma, tau):
        n = np.array(COUNTS, float)
        return -np.diag(log_softmax(z * (n / n.max()) ** gamma + tau * np.log(n / n.sum()), -1))

    np.testing.assert_allclose(LogitAdjusted(tau=0.5, class_counts=COUNTS).call(y, z), expected(0.0, 0.5), 1e-5)
    np.testing.assert_allclose(BalancedSoftmax(class_counts=COUNTS).call(y, z), expected(0.0, 1.0), 1e-5)
    np.testing.assert_allclose(VS(gamma=0.5, tau=2.0, class_counts=COUNTS).call(y, z), expected(0.5, 2.0), 1e-5)
