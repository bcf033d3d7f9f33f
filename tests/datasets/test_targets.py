import numpy as np
import pytest

from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.targets import scale_targets


def regression(y):
    split = Split(np.zeros((len(y), 2), np.float32), y)
    return Dataset("values", "regression", split, split, split)


@pytest.mark.parametrize("shift", [True, False])
@pytest.mark.parametrize("width", [(), (3,)])
@pytest.mark.parametrize(("mean", "deviation"), [(1998, 11), (250_000, 40_000), (1.7e9, 1000), (0, 1e-6)])
def test_targets_come_back_in_their_unit(mean, deviation, width, shift):
    y = np.random.default_rng(0).normal(mean, deviation, (500, *width))
    scaled = scale_targets(regression(y), shift)
    assert scaled.train.y.dtype == np.float32
    if shift:
        np.testing.assert_allclose(scaled.train.y.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(scaled.train.y.std(axis=0), 1, 1e-4)
    lost = 1e-6 * deviation + (0 if shift else 1e-7 * mean)
    np.testing.assert_allclose(scaled.original(scaled.train.y), y, atol=lost, rtol=0)


def test_targets_that_are_not_shifted_keep_their_signs():
    y = np.array([-2.0, 0.0, 3.0, 8.0])
    scaled = scale_targets(regression(y), shift=False)
    np.testing.assert_array_equal(np.sign(scaled.train.y), np.sign(y))
    assert scaled.target_offset == 0


def test_constant_targets_keep_their_scale():
    assert scale_targets(regression(np.full(9, 3.0)), shift=False).target_scale == 1.0
