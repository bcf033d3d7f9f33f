import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from lossexp.metrics.calibration import brier, expected_calibration_error


def test_brier_sums_over_classes():
    p = np.array([[0.9, 0.1], [0.3, 0.7]])
    assert brier(p, np.array([0, 0])) == pytest.approx((0.02 + 0.98) / 2)
    assert brier(np.eye(3), np.array([1, 2, 0])) == 2.0


def test_brier_is_scikit_learns():
    rng = np.random.default_rng(0)
    p, y = rng.dirichlet(np.ones(4), 100), rng.integers(0, 4, 100)
    assert brier(p, y) == pytest.approx(brier_score_loss(y, p, labels=range(4), scale_by_half=False))


def ece_in_words(p, y, bins):
    """Guo et al. (2017), equation 3, bin by bin."""
    confidence, correct, total = p.max(1), p.argmax(1) == y, 0.0
    for m in range(1, bins + 1):
        inside = (confidence > (m - 1) / bins) & (confidence <= m / bins)
        if inside.any():
            total += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return total


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_ece_is_the_definition(bins):
    rng = np.random.default_rng(1)
    p, y = rng.dirichlet(np.ones(5), 1000), rng.integers(0, 5, 1000)
    assert expected_calibration_error(p, y, bins) == pytest.approx(ece_in_words(p, y, bins))


def test_certain_and_right_is_calibrated_and_certain_and_wrong_is_not():
    assert expected_calibration_error(np.eye(3), np.arange(3)) == 0
    assert expected_calibration_error(np.eye(3), np.array([1, 2, 0])) == 1
