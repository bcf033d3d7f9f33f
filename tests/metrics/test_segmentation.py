import math

import numpy as np
import pytest
from sklearn import metrics as sk

from lossexp.metrics import quick_score, score, segmentation
from lossexp.metrics.segmentation import Pixels, scores_by_example

NAMES = ("sky", "tree/bush", "road", "car")
IGNORED = 255


@pytest.fixture
def some():
    """Outputs `[7, 6, 5, 4]` and labels, in which the last class does not occur and some pixels have none."""
    rng = np.random.default_rng(0)
    labels = rng.choice([0, 1, 2, IGNORED], (7, 6, 5), p=[0.5, 0.3, 0.1, 0.1]).astype(np.int32)
    outputs = np.eye(4)[np.minimum(labels, 3)] + rng.normal(size=(7, 6, 5, 4))
    outputs[..., 3] -= 20.0
    return outputs.astype(np.float32), labels


def test_they_are_scikit_learns(some):
    outputs, labels = some
    scores = score(outputs, labels, task="segmentation", link="softmax", class_names=NAMES, ignore_class=IGNORED)
    known = labels != IGNORED
    true, z = labels[known], outputs[known].astype(float)
    predicted = z.argmax(axis=1)
    iou, dice = (measure(true, predicted, average=None) for measure in (sk.jaccard_score, sk.f1_score))
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert scores == pytest.approx(
        {
            "mean_iou": iou.mean(),
            "accuracy": sk.accuracy_score(true, predicted),
            "mean_dice": dice.mean(),
            "nll": sk.log_loss(true, p, labels=range(4)),
            **dict(zip(("iou/sky", "iou/tree_bush", "iou/road"), iou, strict=True)),
            **dict(zip(("dice/sky", "dice/tree_bush", "dice/road"), dice, strict=True)),
        }
    )
    quick = quick_score(outputs, labels, task="segmentation", link="softmax", ignore_class=IGNORED)
    assert quick == {name: scores[name] for name in ("mean_iou", "accuracy", "nll")}


def test_by_hand():
    """Four pixels: class 0 is right once of two, class 1 takes a pixel from class 0, class 2 is missed."""
    labels, predicted = np.array([[[0, 0], [1, 2]]]), np.array([[[0, 1], [1, 1]]])
    scores = score(50.0 * np.eye(3)[predicted], labels, task="segmentation", link="softmax")
    iou = {"iou/0": 1 / 2, "iou/1": 1 / 3, "iou/2": 0}
    dice = {"dice/0": 2 / 3, "dice/1": 1 / 2, "dice/2": 0}
    means = {"mean_iou": 5 / 18, "mean_dice": 7 / 18, "accuracy": 1 / 2, "nll": 25}
    assert scores == pytest.approx(means | iou | dice)


@pytest.mark.parametrize("link", ["softmax", "one_vs_rest", "softmax_norm", {"name": "tempered", "t2": 1.2}])
def test_blocks_change_nothing(some, link, monkeypatch):
    outputs, labels = some
    meaning = {"task": "segmentation", "link": link, "ignore_class": IGNORED}
    labels = np.where(labels == 2, 1, labels)
    whole = score(outputs, labels, **meaning)
    monkeypatch.setattr(segmentation, "BLOCK", 2 * outputs[0].size)
    assert score(outputs, labels, **meaning) == pytest.approx(whole, rel=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_diverged_model_and_pixels_that_nobody_labelled_have_no_scores(some, bad):
    outputs, labels = some
    meaning = {"task": "segmentation", "link": "softmax", "ignore_class": IGNORED}
    unlabelled = score(outputs, np.full_like(labels, IGNORED), **meaning)
    outputs[0, 0, 0, 0] = bad
    for scores in (unlabelled, score(outputs, labels, **meaning)):
        assert all(math.isnan(value) for value in scores.values())
        assert {"mean_iou", "accuracy", "mean_dice", "nll"} <= set(scores)


def test_predicted_classes_have_the_shape_of_labels(some):
    outputs, labels = some
    predicted = Pixels(outputs, labels, "softmax").predicted()
    assert predicted.dtype == np.uint8
    np.testing.assert_array_equal(predicted, outputs.argmax(axis=-1))


def test_each_example_is_scored_by_itself(some):
    outputs, labels = some
    labels[3] = IGNORED
    predicted = outputs.argmax(axis=-1)
    accuracy, iou = scores_by_example(predicted, labels, 4, IGNORED)
    for i in range(len(labels)):
        alone = score(outputs[i : i + 1], labels[i : i + 1], task="segmentation", link="softmax", ignore_class=IGNORED)
        assert (accuracy[i], iou[i]) == pytest.approx((alone["accuracy"], alone["mean_iou"]), nan_ok=True)
    assert math.isnan(iou[3])


@pytest.mark.parametrize(
    ("outputs", "labels", "said"),
    [
        (np.zeros((2, 4, 4, 3)), np.zeros((2, 4, 5)), "expected .n, H, W."),
        (np.zeros((2, 3)), np.zeros(2), "expected .n, H, W."),
        (np.zeros((2, 4, 4, 3)), np.full((2, 4, 4), 3), "labels 3 to 3; expected whole 0 to 2"),
        (np.zeros((2, 4, 4, 3)), np.full((2, 4, 4), 255), "expected whole 0 to 2"),
    ],
)
def test_what_does_not_fit_is_refused(outputs, labels, said):
    with pytest.raises(ValueError, match=said):
        score(outputs, labels, task="segmentation", link="softmax")
