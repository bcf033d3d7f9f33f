import numpy as np
import pytest
from sklearn import metrics as sk

from lossexp.metrics.classification import label_metrics, nll

NAMES = ("cat", "dog", "T-shirt/top")


@pytest.fixture
def classes():
    rng = np.random.default_rng(0)
    labels = rng.choice(3, 200, p=[0.7, 0.2, 0.1])
    return np.where(rng.random(200) < 0.7, labels, rng.integers(0, 3, 200)), labels


def test_they_are_scikit_learns(classes):
    predicted, labels = classes
    scores = label_metrics(predicted, labels, NAMES)
    recalls = sk.recall_score(labels, predicted, average=None)
    assert scores == pytest.approx(
        {
            "accuracy": sk.accuracy_score(labels, predicted),
            "balanced_accuracy": sk.balanced_accuracy_score(labels, predicted),
            "macro_f1": sk.f1_score(labels, predicted, average="macro"),
            "recall/cat": recalls[0],
            "recall/dog": recalls[1],
            "recall/T-shirt_top": recalls[2],
        }
    )


def test_by_hand():
    scores = label_metrics(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), ("a", "b"))
    recalls = {"recall/a": 2 / 3, "recall/b": 1}
    means = {"accuracy": 0.75, "balanced_accuracy": 5 / 6, "macro_f1": (0.8 + 2 / 3) / 2}
    assert scores == pytest.approx(means | recalls)


@pytest.mark.filterwarnings("error")
def test_a_class_without_examples_has_no_recall():
    scores = label_metrics(np.array([0, 2, 0]), np.array([0, 0, 1]), NAMES)
    assert "recall/T-shirt_top" not in scores
    assert scores["balanced_accuracy"] == pytest.approx(0.25)


def test_nll_is_the_mean_of_minus_log_p():
    p = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert nll(np.log(p), np.array([0, 1])) == pytest.approx(-(np.log(0.5) + np.log(0.75)) / 2)
