import re
from dataclasses import replace

import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.assemble import assemble
from lossexp.datasets.check import check_dataset, label_advice
from lossexp.datasets.dataset import Dataset, Split

SPLIT = Split(np.zeros((6, 2), np.float32), np.array([0, 1, 2, 0, 1, 2], np.int32))
DATASET = Dataset("toy", "multiclass", SPLIT, SPLIT, SPLIT, ("a", "b", "c"))


def changed(**arrays) -> Dataset:
    return replace(DATASET, val=replace(SPLIT, **arrays))


@pytest.mark.parametrize(
    ("sound", "wrong"),
    [
        ({"x": np.zeros((6, 2), np.uint8)}, {"x": np.zeros((6, 3), np.uint8)}),
        ({"y": np.array([0.0, 1.0, 2.0, 2.0, 2.0, 2.0])}, {"y": np.array([0.0, 1.0, 2.0, 2.0, 2.0, 2.5])}),
        ({"sample_weight": np.array([0, 0, 0, 0, 0, 0.1])}, {"sample_weight": np.zeros(6)}),
    ],
)
def test_a_sound_dataset_passes_and_with_one_thing_wrong_it_does_not(sound, wrong):
    check_dataset(changed(**sound))
    with pytest.raises(InputError, match="toy, val split"):
        check_dataset(changed(**wrong))


@pytest.mark.parametrize(("label", "message"), [(3, "label 3 is outside the 3 classes 0 to 2"), (-1, "label -1")])
def test_labels_outside_the_classes(label, message):
    with pytest.raises(InputError, match=f"toy, val split: {message}"):
        check_dataset(changed(y=np.array([0, 1, 2, 0, 1, label])))


def test_labels_that_are_not_whole_numbers():
    with pytest.raises(InputError, match=r"not whole numbers.*0\.5"):
        check_dataset(changed(y=np.array([0, 1, 2, 0, 1, 0.5])))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_inputs_that_are_not_finite(wrong):
    x = SPLIT.x.copy()
    x[2, 1] = wrong
    with pytest.raises(InputError, match="1 of 12 inputs are NaN or infinite"):
        check_dataset(changed(x=x))


@pytest.mark.parametrize("huge", [1e300, -1e39])
def test_numbers_that_float32_cannot_hold_are_too_large_and_not_infinite(huge):
    x = SPLIT.x.astype(np.float64)
    x[2, 1] = huge
    with pytest.raises(InputError, match=r"inputs up to 1e\+\d+ are larger than float32 holds") as raised:
        check_dataset(changed(x=x))
    assert "infinite" not in str(raised.value)
    check_dataset(changed(x=np.full((6, 2), 3e38)))


def test_targets_that_are_not_finite():
    values = Split(SPLIT.x, np.array([1, 2, 3, 4, 5, np.nan], np.float32))
    with pytest.raises(InputError, match="1 of 6 targets are NaN or infinite"):
        check_dataset(Dataset("values", "regression", values, values, values))


def test_an_empty_split():
    with pytest.raises(InputError, match="val split is empty"):
        check_dataset(changed(x=SPLIT.x[:0], y=SPLIT.y[:0]))


def test_inputs_and_targets_of_different_lengths():
    with pytest.raises(InputError, match="6 inputs but 5 targets"):
        check_dataset(changed(y=SPLIT.y[:5]))


def test_one_hot_labels():
    with pytest.raises(InputError, match="argmax"):
        check_dataset(changed(y=np.eye(3, dtype=np.int32)[SPLIT.y]))


def test_inputs_of_another_shape_than_in_training():
    with pytest.raises(InputError, match=r"shape \(5,\), the training inputs \(2,\)"):
        check_dataset(changed(x=np.zeros((6, 5), np.float32)))


@pytest.mark.parametrize("weights", [np.ones(5), np.zeros(6), np.full(6, -1.0), np.full(6, np.nan)])
def test_impossible_sample_weights(weights):
    with pytest.raises(InputError, match="sample weights"):
        check_dataset(changed(sample_weight=weights.astype(np.float32)))


@pytest.mark.parametrize(
    ("y", "said", "unsaid"),
    [
        ([-1, 1, 1, -1], r"y = \(y \+ 1\) // 2", "ignore_class"),
        ([1, 2, 1, 2], r"y = y - 1\b", "ignore_class"),
        ([1, 2, 3, 3], r"y = y - 1\b", "ignore_class"),
        ([0, 1, 2, 0, 1, -1], r"ignore_class=-1", r"//"),
        ([0, 1, 2, 0, 1, 255], r"ignore_class=255", r"//"),
        ([-1, -1, -1, -1, 0, 1], "without gaps", "ignore_class"),
        ([-1, 0, -1, 0], "without gaps", "ignore_class"),
        ([0, 5, 9, 9], "without gaps", "ignore_class"),
    ],
)
def test_labels_are_told_what_makes_classes_of_them_and_never_to_leave_a_class_out(y, said, unsaid):
    advice = label_advice(np.array(y))
    assert re.search(said, advice)
    assert not re.search(unsaid, advice)


def test_signed_labels_with_names_are_not_told_to_drop_every_negative():
    split = replace(SPLIT, y=np.array([-1, 1, -1, 1, 1, -1]))
    with pytest.raises(InputError, match=r"\(y \+ 1\) // 2"):
        check_dataset(Dataset("signed", "binary", split, split, split, ("neg", "pos")))


PICTURES = np.zeros((6, 2, 3), np.uint8)
ANSWERS = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [1, 0], [0, 1]])
PIXELS = np.arange(36).reshape(6, 2, 3) % 3


@pytest.mark.parametrize(
    ("task", "x", "y", "message"),
    [
        ("multilabel", SPLIT.x, ANSWERS[:, 0], r"shape \(6,\)\. Give 0 or 1 for each of 2 labels, \[n, 2\]"),
        ("multilabel", SPLIT.x, np.ones((6, 3)), r"shape \(6, 3\).*2 labels"),
        ("multilabel", SPLIT.x, 2 * ANSWERS, "6 of 12 answers are neither 0 nor 1, such as 2"),
        ("multilabel", SPLIT.x, ANSWERS - 0.5, "12 of 12 answers"),
        ("segmentation", PICTURES, PIXELS[:, :, :2], r"Give a class number for each pixel, \[n, 2, 3\]"),
        ("segmentation", PICTURES, np.eye(3)[PIXELS], r"y\.argmax\(axis=-1\)"),
        (
            "segmentation",
            PICTURES,
            PIXELS + 1,
            r"label 3 is outside the 3 classes 0 to 2 \(12 such pixels\).*y = y - 1",
        ),
        ("segmentation", SPLIT.x, PIXELS, r"\[n, height, width\]"),
        ("regression", SPLIT.x, PIXELS, r"one number, \[n\], or several, \[n, outputs\]"),
        ("regression", SPLIT.x, np.stack([SPLIT.y, np.full(6, 4)], 1), "targets of output 1 are 4"),
        ("ordinal", SPLIT.x, np.eye(3)[SPLIT.y], "argmax"),
    ],
)
def test_targets_that_are_not_those_of_the_task(task, x, y, message):
    split = Split(x, y)
    names = {"multilabel": ("a", "b"), "regression": ()}.get(task, ("a", "b", "c"))
    with pytest.raises(InputError, match=f"toy, train split: .*{message}"):
        check_dataset(Dataset("toy", task, split, split, split, names))


def test_sound_targets_of_every_task():
    for task, x, y, names in (
        ("multilabel", SPLIT.x, ANSWERS, ("a", "b")),
        ("segmentation", PICTURES, PIXELS, ("a", "b", "c")),
        ("segmentation", PICTURES[..., None], PIXELS, ("a", "b", "c")),
        ("regression", SPLIT.x, SPLIT.x + SPLIT.y[:, None], ()),
        ("ordinal", SPLIT.x, SPLIT.y, ("a", "b", "c")),
    ):
        split = Split(x, y, np.ones(6, np.float32))
        check_dataset(Dataset("toy", task, split, split, split, names))


def test_pixels_that_do_not_count_may_have_any_label_but_some_must_count():
    y = np.where(PIXELS == 2, 255, PIXELS)
    split, none = Split(PICTURES, y), Split(PICTURES, np.full_like(y, 255))
    dataset = Dataset("toy", "segmentation", split, split, split, ("a", "b"), ignore_class=255)
    check_dataset(dataset)
    assert dataset.class_counts == (12, 12)
    with pytest.raises(InputError, match=r"val split: all pixels are of dataset\.ignore_class=255"):
        check_dataset(replace(dataset, val=none))


def test_a_label_that_no_training_example_has_is_told(caplog):
    y = ANSWERS * [1, 0]
    dataset = assemble("toy", "multilabel", Split(SPLIT.x + ANSWERS, y), val=Split(SPLIT.x, y), test=Split(SPLIT.x, y),
                       class_names=("a", "b"), seed=0, validation_fraction=0.1)  # fmt: skip
    assert dataset.class_counts == (3, 0)
    assert "no train example has b," in caplog.text
