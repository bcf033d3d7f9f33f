"""Figures of real and of awkward data: they are drawn, show what they should, and leave matplotlib alone."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lossexp import figures


def texts(axes):
    return [text.get_text() for text in axes.texts]


RECORDS = [
    {"step": 10 * e, "metrics": {"train/loss": 2.0**-e, "val/nll": 1.0 / e, "val/accuracy": 1 - 1 / e}}
    for e in range(1, 9)
]


def test_learning_curves_have_a_panel_a_metric_with_the_loss_first(image):
    figure = figures.learning_curves(RECORDS, best_step=40, title="digits")
    image(figure)
    assert [axes.get_title("left") for axes in figure.axes] == ["loss", "accuracy", "nll"]
    line = figure.axes[0].get_lines()[0]
    assert line.get_xdata()[0] == 10
    assert line.get_ydata()[0] == 0.5
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear", "linear"]


def test_train_and_validation_share_a_panel(image):
    records = [{"step": s, "metrics": {"train/nll": 1.0 * s, "val/nll": 2.0 * s}} for s in (1, 2)]
    figure = figures.learning_curves(records)
    image(figure)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["train", "val"]


def test_other_metrics_have_no_panel_and_there_are_at_most_six(image):
    names = ["learning_rate", "test/accuracy", "val/recall/cat", *(f"val/m{i}" for i in range(9))]
    figure = figures.learning_curves([{"step": 1, "metrics": dict.fromkeys(names, 1.0)}])
    image(figure)
    assert [axes.get_title("left") for axes in figure.axes] == [f"m{i}" for i in range(6)]


@pytest.mark.parametrize(
    "records",
    [
        [],
        RECORDS[:1],
        [{"step": 1, "metrics": {"train/loss": math.nan}}, {"step": 2, "metrics": {"train/loss": math.inf}}],
    ],
    ids=["none", "one", "diverged"],
)
def test_few_or_broken_records_are_drawn(records, image):
    image(figures.learning_curves(records))


@pytest.mark.parametrize("k", [2, 10, 30, 120])
def test_confusion_matrices_of_any_size(k, rng, image):
    labels, predicted = rng.integers(0, k, 500), rng.integers(0, k, 500)
    figure = figures.confusion_matrix(labels, predicted, [f"a long class name {i}" for i in range(k)])
    assert max(image(figure).shape) < 2000


def test_a_confusion_matrix_has_true_classes_in_rows_and_counts(image):
    figure = figures.confusion_matrix(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 1]), ("cat", "dog"))
    image(figure)
    axes = figure.axes[0]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "1",
        (1, 0): "2",
        (1, 1): "1",
    }
    np.testing.assert_allclose(axes.images[0].get_array(), [[1 / 3, 2 / 3], [0, 1]])


def test_classes_that_do_not_occur_keep_their_place(image):
    figure = figures.confusion_matrix(np.array([2]), np.array([2]), ("a", "b", "c"))
    image(figure)
    assert figure.axes[0].images[0].get_array().shape == (3, 3)


@pytest.mark.parametrize("n", [1, 50, 20_000])
def test_predicted_versus_true(n, rng, image):
    true = rng.normal(size=n) * 100
    figure = figures.predicted_versus_true(true, true + rng.normal(size=n))
    image(figure)
    assert "RMSE" in figure.axes[0].get_title("left")


def test_values_that_are_not_finite_are_counted(image):
    figure = figures.predicted_versus_true(np.array([1.0, 2.0, 3.0]), np.array([1.0, math.nan, math.inf]))
    image(figure)
    assert "2 not finite" in figure.axes[0].get_title("left")
    image(figures.predicted_versus_true(np.ones(2), np.full(2, math.nan)))


def test_images_stand_in_a_row_a_class(rng, image):
    x, y = rng.random((60, 8, 8, 1), np.float32), np.repeat([0, 1, 2], 20)
    figure = figures.sample_grid(x, y, class_names=("zero", "one", "T-shirt/top"), title="digits")
    image(figure)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["zero", "one", "T-shirt/top"]
    assert len(axes.images) == 24


@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3), (10, 20, 1), (6, 6, 5)])
def test_images_of_many_classes_carry_their_name(shape, rng, image):
    x, y = rng.normal(size=(100, *shape)), np.arange(100)
    figure = figures.sample_grid(x, y, class_names=[f"class {i}" for i in range(100)])
    image(figure)
    assert texts(figure.axes[0])[:2] == ["class 0", "class 1"]


def test_features_become_a_table_with_both_classes(rng, image):
    x, y = rng.normal(size=(100, 30)).astype(np.float32), np.repeat([0, 1], 50)
    figure = figures.sample_grid(x, y, class_names=("malignant", "benign"))
    image(figure)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["malignant"] * 6 + ["benign"] * 6


@pytest.mark.parametrize("x", [np.zeros((3, 2)), np.full((3, 4, 4), 7.0), np.full((3, 2), np.nan)])
def test_constant_and_missing_values_are_drawn(x, image):
    y = np.array([5, 10, 15], np.float32)
    figure = figures.sample_grid(x, y, task="regression")
    image(figure)
    axes = figure.axes[0]
    shown = texts(axes) + [label.get_text() for label in axes.get_yticklabels()]
    assert {"5", "10", "15"} <= set(shown)


def test_no_window_system_is_needed_and_no_figure_stays_open():
    code = (
        "import sys; import numpy as np; from lossexp import figures;"
        "figures.confusion_matrix(np.zeros(2, int), np.zeros(2, int), ('a', 'b')).savefig(sys.argv[1]);"
        "import matplotlib.pyplot as plt; assert plt.get_fignums() == [], plt.get_fignums()"
    )
    environment = {"PATH": "", "PYTHONPATH": str(Path(figures.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code, os.devnull], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
