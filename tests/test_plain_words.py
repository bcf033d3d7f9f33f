"""The user's own words are printed as they are: no markup, no formula."""

import numpy as np
import pytest

from lossexp.base.screen import show_choices, show_error, show_scores
from lossexp.figures import confusion_matrix, sample_grid
from tests.command import lossexp

WORDS = ("[/dev]", "[neg]", "[bold]", "$a$b", ":smile:", r"$\frac", "[red]x[/red]")


@pytest.mark.parametrize("word", WORDS)
def test_words_come_out_as_they_went_in(word, tmp_path, capsys):
    show_choices({"dataset": word}, {"dataset": f"of {word}"}, tmp_path / word)
    show_scores(f"run {word}", {f"recall/{word}": 0.5, "accuracy": 1.0}, f"mlflow ui {word}")
    show_scores("many", {f"recall/{word}{i}": i / 20 for i in range(20)}, "")
    printed = capsys.readouterr().out
    assert printed.count(word) >= 6
    show_error(f"dataset={word}: no")
    assert word in capsys.readouterr().err


def test_names_of_classes_are_no_formulas_in_figures(tmp_path):
    labels = np.arange(14) % 7
    matrix = confusion_matrix(labels, labels[::-1], WORDS)
    matrix.savefig(tmp_path / "confusion.png")  # where matplotlib reads formulas, and fails at wrong ones
    assert tuple(label.get_text() for label in matrix.axes[0].get_yticklabels()) == WORDS
    pictures = np.zeros((14, 8, 8, 1), np.float32)
    samples = sample_grid(pictures, labels, class_names=WORDS, title=r"$\frac")
    samples.savefig(tmp_path / "samples.png")
    assert samples.get_suptitle() == r"$\frac"


def test_a_dataset_whose_classes_are_called_like_markup_trains_to_the_end(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    np.savez(tmp_path / "[red]$d.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    data = ("dataset=npz", "dataset.path='[red]$d.npz'", "dataset.class_names=['/dev','[neg]','$a$b']")
    answer = lossexp(*data, "model=mlp", "trainer.epochs=1", "tracking=none", folder=tmp_path)
    assert answer.code == 0, answer.err
    for word in ("recall/", "[neg]", "[red]$d"):
        assert word in answer.out
