import math

import numpy as np
import pytest
from sklearn import metrics as sk

from lossexp.metrics import quick_score, score
from lossexp.metrics.ordinal import quadratic_kappa, rank_mae


@pytest.fixture
def some():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 300)
    return np.eye(5)[np.clip(labels + rng.integers(-1, 2, 300), 0, 4)] + rng.normal(size=(300, 5)) / 3, labels


@pytest.mark.parametrize("link", ["softmax", "ordinal"])
def test_they_are_those_of_classes_and_of_their_distance(some, link):
    outputs, labels = some if link == "softmax" else (some[0][:, :4], some[1])
    scores = score(outputs, labels, task="ordinal", link=link)
    of_classes = score(outputs, labels, task="multiclass", link=link)
    distances = {name: scores.pop(name) for name in ("rank_mae", "quadratic_kappa")}
    assert scores == of_classes
    quick = quick_score(outputs, labels, task="ordinal", link=link)
    assert list(quick) == ["rank_mae", "accuracy", "nll"]
    assert quick == pytest.approx({name: (distances | scores)[name] for name in quick}, rel=1e-12)
    if link == "softmax":
        predicted = outputs.argmax(axis=1)
        assert distances == pytest.approx(
            {
                "rank_mae": sk.mean_absolute_error(labels, predicted),
                "quadratic_kappa": sk.cohen_kappa_score(labels, predicted, weights="quadratic"),
            }
        )


def test_kappa_is_its_definition(some):
    """One minus the squared distances seen over those of independent draws from the same frequencies."""
    predicted, labels = some[0].argmax(axis=1), some[1]
    by_chance = (labels[:, None] - predicted[None, :]) ** 2
    expected = 1 - np.mean((labels - predicted) ** 2) / by_chance.mean()
    assert quadratic_kappa(predicted, labels) == pytest.approx(expected)


def test_by_hand():
    assert rank_mae(np.array([0, 3, 1]), np.array([0, 1, 2])) == 1.0
    assert quadratic_kappa(np.array([0, 3]), np.array([0, 3])) == 1.0
    assert quadratic_kappa(np.array([3, 0]), np.array([0, 3])) == -1.0


@pytest.mark.filterwarnings("error")
def test_kappa_of_one_class_alone_is_nan():
    assert math.isnan(quadratic_kappa(np.array([2, 2]), np.array([2, 2])))
    assert quadratic_kappa(np.array([2, 2]), np.array([2, 1])) == 0.0
