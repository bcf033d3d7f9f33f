import numpy as np
import pytest
from sklearn import metrics as sk

from lossexp.metrics.regression import error_metrics, value_metrics


def test_by_hand():
    scores = value_metrics(np.array([1.0, 2.0, 5.0]), np.array([1.0, 3.0, 3.0]))
    assert scores == pytest.approx({"rmse": (5 / 3) ** 0.5, "mae": 1.0, "r2": 1 - 5 / (8 / 3)})


def test_metrics_of_several_outputs_are_means_over_them():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(30, 3)) * [1, 10, 100]
    predicted = true + rng.normal(size=(30, 3)) * [0.5, 1, 80]
    scores = value_metrics(predicted, true, ("waist", "a/b", "pulse"))
    assert list(scores)[:3] == ["rmse", "mae", "r2"]
    assert scores == pytest.approx(
        {
            "rmse": sk.root_mean_squared_error(true, predicted),
            "mae": sk.mean_absolute_error(true, predicted),
            "r2": sk.r2_score(true, predicted),
            **{
                f"{metric}/{name}": value_metrics(predicted[:, d], true[:, d])[metric]
                for metric in ("rmse", "r2")
                for d, name in enumerate(("waist", "a_b", "pulse"))
            },
        }
    )
    assert value_metrics(predicted, true)["r2/2"] == scores["r2/pulse"]
    assert error_metrics(predicted, true) == {name: scores[name] for name in ("rmse", "mae")}


def test_one_output_has_no_metrics_of_its_own():
    one = np.arange(4.0)
    assert set(value_metrics(one[:, None] + 1, one)) == {"rmse", "mae", "r2"}


@pytest.mark.filterwarnings("error")
def test_one_example_has_no_r2():
    one, zero = np.ones(1), np.zeros(1)
    assert value_metrics(one, zero) == error_metrics(one, zero) == {"rmse": 1, "mae": 1}
