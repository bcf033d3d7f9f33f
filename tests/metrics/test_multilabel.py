import math

import numpy as np
import pytest
from scipy import special
from sklearn import metrics as sk

from lossexp.metrics import quick_score, score
from lossexp.metrics.multilabel import auroc, average_precision

MEANING = {"task": "multilabel", "link": "labels"}
NAMES = ("beach", "sea/lake", "dog", "cat")


@pytest.fixture
def some():
    """Logits `[200, 4]` that know something of their labels."""
    rng = np.random.default_rng(0)
    labels = (rng.random((200, 4)) < [0.5, 0.2, 0.05, 0.7]).astype(np.int32)
    return rng.normal(2 * labels - 1, 2.0), labels


def test_they_are_scikit_learns(some):
    logits, labels = some
    p, predicted = special.expit(logits), (logits > 0).astype(int)
    each = sk.roc_auc_score(labels, p, average=None)
    assert score(logits, labels, class_names=NAMES, **MEANING) == pytest.approx(
        {
            "map": sk.average_precision_score(labels, p, average="macro"),
            "accuracy": 1 - sk.hamming_loss(labels, predicted),
            "micro_f1": sk.f1_score(labels, predicted, average="micro"),
            "macro_f1": sk.f1_score(labels, predicted, average="macro"),
            "subset_accuracy": sk.accuracy_score(labels, predicted),
            "hamming": sk.hamming_loss(labels, predicted),
            "auroc": sk.roc_auc_score(labels, p, average="macro"),
            "nll": sk.log_loss(labels.ravel(), p.ravel()),
            "ece": score(logits.reshape(-1, 1), labels.ravel(), task="binary", link="sigmoid")["ece"],
            "auroc/beach": each[0],
            "auroc/sea_lake": each[1],
            "auroc/dog": each[2],
            "auroc/cat": each[3],
        }
    )


def test_by_hand():
    """Two labels, three examples; the second label's only positive is ranked second."""
    logits = np.array([[2.0, 1.0], [1.0, 3.0], [-1.0, -2.0]])
    labels = np.array([[1, 1], [1, 0], [0, 0]])
    scores = score(logits, labels, **MEANING)
    assert scores["map"] == pytest.approx((1 + 1 / 2) / 2)
    assert scores["micro_f1"] == pytest.approx(2 * 3 / (3 + 4))
    assert scores["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert (scores["hamming"], scores["subset_accuracy"]) == (pytest.approx(1 / 6), pytest.approx(2 / 3))
    assert (scores["auroc/0"], scores["auroc/1"]) == (1.0, 0.5)


def test_one_label_is_a_binary_task(some):
    logits, labels = some[0][:, :1], some[1][:, :1]
    scores, binary = score(logits, labels, **MEANING), score(logits, labels, task="binary", link="sigmoid")
    for name in ("accuracy", "nll", "ece"):
        assert scores[name] == pytest.approx(binary[name], rel=1e-12)
    assert scores["micro_f1"] == pytest.approx(sk.f1_score(labels[:, 0], logits[:, 0] > 0))


@pytest.mark.filterwarnings("error")
def test_labels_without_both_answers_are_left_out_of_the_means():
    logits, labels = np.array([[1.0, 2.0, -1.0], [-1.0, 1.0, -2.0]]), np.array([[1, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(average_precision(logits, labels), [1, 1, math.nan])
    np.testing.assert_array_equal(auroc(logits, labels), [1, math.nan, math.nan])
    scores = score(logits, labels, **MEANING)
    assert (scores["map"], scores["auroc"], scores["macro_f1"]) == (1, 1, 1)
    assert [name for name in scores if "/" in name] == ["auroc/0"]


@pytest.mark.filterwarnings("error")
def test_a_mean_of_no_label_is_nan():
    scores = score(np.full((2, 3), -1.0), np.zeros((2, 3)), **MEANING)
    assert [name for name, value in scores.items() if math.isnan(value)] == ["map", "macro_f1", "auroc"]
    assert (scores["accuracy"], scores["micro_f1"]) == (1, 0)


def test_the_quick_score_has_the_same_values(some):
    full, quick = score(*some, **MEANING), quick_score(*some, **MEANING)
    assert quick == {name: full[name] for name in ("map", "accuracy", "nll")}


def test_logits_rank_where_probabilities_no_longer_differ():
    scores = score([[800.0], [900.0]], [[0], [1]], **MEANING)
    assert (scores["map"], scores["auroc"], scores["nll"]) == (1, 1, 400)


@pytest.mark.parametrize("shift", [-1.0, 3.0])
def test_the_ranking_metrics_do_not_depend_on_where_zero_is(some, shift):
    logits, labels = some
    here, there = score(logits, labels, **MEANING), score(logits + shift, labels, **MEANING)
    for name in ("map", "auroc"):
        assert there[name] == pytest.approx(here[name], rel=1e-12)
    assert there["accuracy"] != here["accuracy"]


@pytest.mark.parametrize(
    ("outputs", "labels", "link", "said"),
    [
        (np.zeros((2, 3)), np.zeros((2, 2)), "labels", "expected .n, L. both"),
        (np.zeros((2, 3)), np.full((2, 3), 2), "labels", "labels 2 to 2; expected whole 0 to 1"),
        (np.zeros((2, 3)), np.zeros((2, 3)), "softmax", "expected 'labels'"),
        (np.zeros((2, 3)), np.zeros((1, 3)), "labels", "2 outputs and 1 labels"),
    ],
)
def test_what_does_not_fit_is_refused(outputs, labels, link, said):
    with pytest.raises(ValueError, match=said):
        score(outputs, labels, task="multilabel", link=link)
