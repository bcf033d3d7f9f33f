import numpy as np
import pytest

from lossexp.metrics.regression import error_metrics, value_metrics


def test_by_hand():
    scores = value_metrics(np.array([1.0, 2.0, 5.0]), np.array([1.0, 3.0, 3.0]))
    assert scores == pytest.approx({"rmse": (5 / 3) ** 0.5, "mae": 1.0, "r2": 1 - 5 / (8 / 3)})


@pytest.mark.filterwarnings("error")
def test_one_example_has_no_r2():
    one, zero = np.ones(1), np.zeros(1)
    assert value_metrics(one, zero) == error_metrics(one, zero) == {"rmse": 1, "mae": 1}
