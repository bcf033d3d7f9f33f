"""Figures of each task's outputs."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lossexp import figures
from lossexp.figures.masks import ClassColours
from lossexp.figures.style import LIGHT, ORANGE
from lossexp.metrics import Outputs

NAMES = ("sky", "tree", "T-shirt/top")


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def drawn(axes):
    """The images of an axes by their corner, left and top."""
    return {
        (round(image.get_extent()[0], 2), round(image.get_extent()[3], 2)): image.get_array() for image in axes.images
    }


@pytest.fixture
def masks():
    """Pictures, masks of three classes without the first row, and predictions with 0, 1, ... wrong pixels."""
    labels = np.zeros((9, 4, 4), np.int32)
    labels[:, 2, :2], labels[:, 3] = 1, 2
    predicted = labels.copy()
    for i in range(9):
        predicted[i].reshape(-1)[4 : 4 + i] = 2
    labels[:, 0] = 255
    return np.random.default_rng(0).integers(0, 256, (9, 4, 4, 1), np.uint8), labels, predicted


@pytest.mark.parametrize(
    ("task", "link", "width", "names"),
    [
        ("multiclass", "softmax", 3, ["confusion.png"]),
        ("ordinal", "ordinal", 2, ["confusion.png"]),
        ("multilabel", "labels", 3, ["labels.png"]),
        ("segmentation", "softmax", 3, ["segmentation.png", "overlap.png", "confusion.png"]),
        ("regression", None, 3, ["predicted.png"]),
    ],
)
@pytest.mark.parametrize("diverged", [False, True])
def test_every_task_has_figures_even_where_the_model_diverged(task, link, width, names, diverged, rng, image):
    shape = (20, 5, 4) if task == "segmentation" else (20,)
    x, outputs = rng.random((20, 5, 4, 1)), rng.normal(size=(*shape, width))
    if diverged:
        outputs[:] = math.nan
    labels = {"multilabel": rng.integers(0, 2, (20, 3)), "regression": rng.normal(size=(20, 3))}.get(task)
    labels = rng.integers(0, 3, shape) if labels is None else labels
    found = figures.figures_of(Outputs(outputs, labels, task, link, NAMES), x)
    assert list(found) == names
    for figure in found.values():
        image(figure)


def test_labels_have_a_bar_a_score_their_support_and_what_chance_reaches(image):
    logits = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 0.0], [-1.0, -2.0, 0.0], [-2.0, -3.0, 0.0]])
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
    figure = figures.figures_of(Outputs(logits, labels, "multilabel", "labels", NAMES), None)["labels.png"]
    image(figure)
    (axes,) = figure.axes
    assert ticks(axes.yaxis) == list(NAMES)
    precision, area = ([bar.get_width() for bar in bars] for bars in axes.containers)
    assert precision[:2] == pytest.approx([1, 1 / 2])
    assert area[:2] == pytest.approx([1, 2 / 3])
    assert math.isnan(precision[2])  # a label that does not occur
    assert math.isnan(area[2])
    assert [text.get_text() for text in axes.texts] == ["2 of 4", "1 of 4", "0 of 4"]
    assert [line[0, 0] for line in axes.collections[0].get_segments()] == [0.5, 0.25, 0.0]


def test_of_many_labels_those_with_the_lowest_scores_are_drawn(image):
    scores = np.linspace(1, 0, 100)
    names = [f"label {k}" for k in range(100)]
    figure = figures.scores_by_name({"IoU": scores}, names, names)
    assert max(image(figure).shape) < 2500
    assert ticks(figure.axes[0].yaxis) == names[60:]
    assert figure.axes[0].get_xlabel() == "the 40 lowest of 100"


def test_examples_go_from_the_worst_to_the_best_with_their_errors(masks, image):
    x, labels, predicted = masks
    figure = figures.segmentation_examples(x, labels, predicted, class_names=NAMES, ignore_class=255)
    image(figure)
    (axes,) = figure.axes
    assert ticks(axes.xaxis) == ["input", "true", "predicted", "wrong"]
    shown = [float(text.removeprefix("IoU ")) for text in ticks(axes.yaxis)]
    assert shown == sorted(shown)
    assert (len(shown), shown[-1]) == (5, 1.0)
    by_place = drawn(axes)
    tops = sorted({top for _, top in by_place})
    wrong = by_place[3.21, tops[0]][..., :3]
    np.testing.assert_array_equal((wrong == to_rgb(ORANGE)).all(axis=-1), (predicted[8] != labels[8]) & (labels[8] < 9))
    assert (wrong[0] == 1).all()  # no label, no error
    assert (by_place[3.21, tops[-1]][1:, :, :3] == to_rgb(LIGHT)).all()
    np.testing.assert_array_equal(by_place[1.07, tops[0]], ClassColours(labels, NAMES, 255).paint(labels[8]))


def test_pictures_of_one_class_are_shown_only_where_there_are_no_others(masks, image):
    x, labels, predicted = masks
    labels[:5], predicted[:5] = 0, 0
    figure = figures.segmentation_examples(x, labels, predicted, class_names=NAMES, ignore_class=255)
    assert "IoU 1.00" not in ticks(figure.axes[0].yaxis)
    labels[:], predicted[:] = 0, 0
    figure = figures.segmentation_examples(x, labels, predicted, class_names=NAMES, ignore_class=255)
    assert ticks(figure.axes[0].yaxis) == ["IoU 1.00"] * 5
    labels[:] = 255
    image(figures.segmentation_examples(x, labels, predicted, class_names=NAMES, ignore_class=255))


@pytest.mark.parametrize("k", [2, 11, 40])
def test_every_class_has_a_colour_of_its_own_and_the_most_frequent_is_grey(k):
    labels = np.append(np.arange(k), [k - 1] * 3).reshape(1, 1, -1)
    colours = ClassColours(labels, [str(number) for number in range(k)])
    painted = colours.paint(np.arange(k)[np.newaxis])[0]
    assert len(np.unique(painted, axis=0)) == k
    np.testing.assert_allclose(painted[-1, :3], to_rgb(LIGHT))
    assert colours.paint(np.array([[k - 1, 0]]), background=False)[0, :, 3].tolist() == [0, 1]


def test_a_confusion_of_many_pixels_is_in_percent(image):
    labels = np.repeat([0, 1], [30_000, 10_000])
    predicted = np.repeat([0, 1, 0, 1], [22_500, 7_500, 10, 9_990])
    figure = figures.confusion_matrix(labels, predicted, NAMES[:2])
    image(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == ["75%", "25%", "<1%", "100%"]


def test_several_outputs_have_a_panel_each(rng, image):
    true = rng.normal(size=(30, 3)) * [1, 10, 100]
    figure = figures.predicted_versus_true(true, true, names=("Weight", "Waist", "Pulse"))
    image(figure)
    assert [axes.get_title("left").split("\n")[0] for axes in figure.axes] == ["Weight", "Waist", "Pulse"]
    many = rng.normal(size=(30, 12))
    figure = figures.predicted_versus_true(many, many)
    image(figure)
    assert sum(bool(axes.get_xlabel()) for axes in figure.axes) == 9
    assert figure.get_supxlabel() == "the first 9 of 12 outputs"


@pytest.mark.parametrize("names", [("0", "1", "2"), ("a city at night", "mountains and lakes", "trees")])
def test_pictures_with_many_labels_carry_them_all(names, rng, image):
    y = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]] * 20)
    figure = figures.sample_grid(rng.random((60, 8, 8, 1)), y, task="multilabel", class_names=names, title="some")
    image(figure)
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown[1] == "none"
    assert shown[0].startswith(names[0])
    if names[0] == "0":
        assert (shown[0], shown[2], len(shown)) == ("0, 2", "0, 1, 2", 40)


def test_pictures_with_masks_stand_beside_them(masks, image):
    x, labels, _ = masks
    figure = figures.sample_grid(x, labels, task="segmentation", class_names=NAMES, ignore_class=255, title="some")
    image(figure)
    assert len(figure.axes[0].images) == 3 * 9  # the picture, the picture again, and the mask on it
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [*NAMES, "no label"]


def test_a_table_says_which_values_stand_beside_its_rows(rng, image):
    y = np.array([[191.0, 36.0, 50.0], [189.0, 37.0, 52.0]])
    figure = figures.sample_grid(rng.random((2, 3)), y, task="regression", class_names=("Weight", "Waist", "Pulse"))
    image(figure)
    assert ticks(figure.axes[0].yaxis) == ["191, 36, 50", "189, 37, 52"]
    assert figure.axes[0].get_ylabel() == "Weight, Waist, Pulse"


@pytest.mark.parametrize(("features", "lines"), [(1, 1), (3, 3), (9, 6)])
def test_series_are_lines_a_panel_each(features, lines, rng, image):
    x, y = rng.normal(size=(30, 50, features)).cumsum(axis=1), np.arange(30) % 3
    figure = figures.sample_grid(x, y, kind="series", class_names=NAMES, title="walks")
    image(figure)
    assert [axes.get_title("left") for axes in figure.axes] == [NAMES[k] for k in y[:12]]
    assert [len(axes.get_lines()) for axes in figure.axes] == [lines] * 12
    few = figures.sample_grid(x[:2], y[:2], kind="series", class_names=NAMES)
    image(few)
