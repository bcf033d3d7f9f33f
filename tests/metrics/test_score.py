import math

import numpy as np
import pytest

from lossexp.metrics import quick_score, score


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_all_metrics_of_a_classification(rng):
    outputs, labels = rng.normal(size=(50, 3)).astype(np.float32), rng.integers(0, 3, 50)
    scores = score(outputs, labels, task="multiclass", link="softmax", class_names=("a", "b", "c"))
    assert set(scores) == {
        *("accuracy", "balanced_accuracy", "macro_f1", "nll", "brier", "ece"),
        *("recall/a", "recall/b", "recall/c"),
    }
    assert all(type(value) is float for value in scores.values())


@pytest.mark.parametrize(
    ("task", "link", "width", "classes"),
    [("multiclass", "softmax", 4, 4), ("binary", "sigmoid", 1, 2), ("multiclass", "ordinal", 3, 4)],
)
def test_the_quick_score_has_the_same_values(rng, task, link, width, classes):
    outputs, labels = rng.normal(size=(5000, width)), rng.integers(0, classes, 5000)
    full = score(outputs, labels, task=task, link=link)
    quick = quick_score(outputs, labels, task=task, link=link)
    assert quick == pytest.approx({name: full[name] for name in ("accuracy", "nll")}, rel=1e-12)
    assert all(type(value) is float for value in quick.values())


def test_regression_is_in_the_unit_of_its_values(rng):
    y = rng.normal(size=20).astype(np.float32)
    values = (y + 0.5)[:, None]
    small, large = (score(values * scale, y * scale, task="regression") for scale in (1.0, 77.0))
    assert small == pytest.approx({"rmse": 0.5, "mae": 0.5, "r2": small["r2"]}, rel=1e-6)
    assert large == pytest.approx({"rmse": 38.5, "mae": 38.5, "r2": small["r2"]}, rel=1e-6)
    quick = quick_score(values * 77.0, y * 77.0, task="regression")
    assert quick == {name: large[name] for name in ("rmse", "mae")}


@pytest.mark.parametrize("scorer", [score, quick_score])
@pytest.mark.parametrize(
    ("outputs", "labels", "link", "nll"),
    [
        ([[1000.0, -1000.0]], [1], "softmax", 2000.0),
        ([[1000.0, -1000.0]], [0], "softmax", 0.0),
        ([[1000.0]], [0], "sigmoid", 1000.0),
        ([[-1000.0]], [1], "sigmoid", 1000.0),
        ([[1000.0, -1000.0]], [0], "ordinal", 1000.0),
        ([[1000.0, -1000.0]], [2], "ordinal", 1000.0),
        ([[1000.0, -1000.0]], [1], "ordinal", 0.0),
    ],
)
def test_extreme_logits_have_an_exact_nll(scorer, outputs, labels, link, nll):
    task = "binary" if link == "sigmoid" else "multiclass"
    assert scorer(outputs, labels, task=task, link=link)["nll"] == pytest.approx(nll, abs=1e-9)


def test_classes_differ_where_probabilities_no_longer_do():
    scores = score([[50.0], [-50.0]], [1, 0], task="binary", link="sigmoid")
    assert (scores["accuracy"], scores["nll"]) == (1.0, pytest.approx(0.0, abs=1e-20))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("scorer", [score, quick_score])
@pytest.mark.parametrize(
    ("task", "link", "width"),
    [("multiclass", "softmax", 3), ("binary", "sigmoid", 1), ("ordinal", "ordinal", 2), ("regression", None, 1)],
)
def test_a_diverged_model_has_no_scores(rng, scorer, task, link, width, bad):
    outputs, labels = rng.normal(size=(6, width)), np.array([0, 1, 0, 1, 0, 1])
    outputs[2, -1] = bad
    scores = scorer(outputs, labels, task=task, link=link)
    assert scores.keys() == scorer(np.zeros((6, width)), labels, task=task, link=link).keys()
    assert all(math.isnan(value) for value in scores.values())


@pytest.mark.parametrize("scorer", [score, quick_score])
@pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0.5, 1], [0], []])
def test_labels_that_do_not_fit_are_refused(scorer, labels):
    with pytest.raises(ValueError, match="label"):
        scorer(np.zeros((2, 3)), labels, task="multiclass", link="softmax")


def test_class_names_must_fit():
    with pytest.raises(ValueError, match="2 class names for 3 classes"):
        score(np.zeros((2, 3)), [0, 1], task="multiclass", link="softmax", class_names=("a", "b"))


def test_float16_outputs_are_scored_in_float64():
    outputs = np.array([[20.0, -20.0]], np.float16)
    assert score(outputs, [1], task="multiclass", link="softmax")["nll"] == pytest.approx(40.0)
