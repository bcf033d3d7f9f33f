import logging

import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.labels import read_targets


def read(train, task="auto", class_names=None, ignore_class=None, **others):
    return read_targets({"train": np.asarray(train), **others}, task, class_names, ignore_class, "mine")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1, 2, 1], ("0", "1", "2")),
        ([1, 2, 3, 1], ("1", "2", "3")),
        ([1, 2, 2, 1], ("1", "2")),
        ([-1, 1, 1, -1], ("-1", "1")),
        ([-1.0, 1.0, 1.0], ("-1", "1")),
        ([0.0, 1.0, 1.0], ("0", "1")),
        (["dog", "cat", "cow"], ("cat", "cow", "dog")),
        ([b"no", b"yes"], ("no", "yes")),
        (np.array(["no", "yes"], dtype=object), ("no", "yes")),
        (np.array([2, 1], dtype=object), ("1", "2")),
        ([True, False], ("False", "True")),
        (np.array([[1], [2]], np.uint8), ("1", "2")),
    ],
)
def test_a_label_is_the_name_of_its_class(labels, names):
    """Whatever labels are, looking the class numbers up in the names gives them back."""
    targets = read(labels)
    assert targets.class_names == names
    assert targets.task == ("binary" if len(names) == 2 else "multiclass")
    assert targets.y["train"].dtype == np.int32
    found = [names[number] for number in targets.y["train"]]
    told = [label.decode() if isinstance(label, bytes) else label for label in np.ravel(labels).tolist()]
    assert found == [str(int(label)) if isinstance(label, float) else str(label) for label in told]


@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool])
def test_one_hot_rows_are_their_classes(dtype, caplog):
    caplog.set_level(logging.INFO)
    labels = np.array([2, 0, 1, 2])
    targets = read(np.eye(4, dtype=dtype)[labels], class_names=["a", "b", "c", "d"])
    assert targets.y["train"].tolist() == labels.tolist()
    assert (targets.task, targets.class_names) == ("multiclass", ("a", "b", "c", "d"))
    assert "exactly one 1" in caplog.text


def test_rows_of_several_ones_in_any_part_are_many_labels():
    one_hot = np.eye(3, dtype=int)
    assert read([[1, 1, 0], [0, 0, 1]]).task == "multilabel"
    assert read(one_hot, test=np.array([[0, 0, 0]])).task == "multilabel"
    assert read(one_hot, task="multilabel").class_names == ("0", "1", "2")


def test_the_training_split_decides_for_all():
    targets = read([3, 1, 2], test=np.array([2, 2]))
    assert targets.y["test"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("train", "test", "told"), [([1, 2, 3], [2, 4], "label 4"), (["a", "b"], ["b", "bird"], "label bird")]
)
def test_a_label_that_training_lacks_is_named(train, test, told):
    with pytest.raises(InputError, match=f"mine: y_test: {told} is outside the . classes .*1 such"):
        read(train, test=np.array(test))


def test_the_mapping_is_told_where_it_is_one(caplog):
    caplog.set_level(logging.INFO)
    read([0, 1, 2])
    assert not caplog.text
    read([-1, 1])
    assert "-1 is 0, 1 is 1" in caplog.text


@pytest.mark.parametrize(
    ("labels", "names", "numbers"),
    [
        ([2, 0], ["a", "b", "c"], [2, 0]),
        ([1, 3], ["a", "b", "c"], [0, 2]),
        ([-1, 1], ["no", "yes"], [0, 1]),
        ([5, 3], ["3", "4", "5"], [2, 0]),
        (["mid", "low"], ["low", "mid", "high"], [1, 0]),
        ([True, False], ["no", "yes"], [1, 0]),
    ],
)
def test_names_of_all_classes_say_what_absent_ones_are(labels, names, numbers):
    targets = read(labels, class_names=names)
    assert targets.class_names == tuple(names)
    assert targets.y["train"].tolist() == numbers


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2, 4], r"no example of class 1.*dataset\.task=multiclass if each of 0, 2, 4 is a class"),
        ([1998, 1999, 2000], r"dataset\.task=regression if these are values"),
        ([-1, 0, 1, 1, 0], r"label -1 .*ignore_class=-1"),
        ([0, 0, 1, 1, 255], r"ignore_class=255"),
        ([0, 0], "nothing but .0."),
        ([3], "nothing but .3."),
        ([f"1,{k:03d}" for k in range(40)], r"40 different texts in 40 examples.*write them as 1234.5"),
        (range(0, 80, 2), r"40 different whole numbers from 0 to 78.*task=regression if these are values"),
        ([[1, 2], [3, 4]], r"Set dataset.task=regression"),
        (["a", "a"], "nothing but 'a'"),
        ([0.0, 1.0, 2.0], r"class labels or values.*task=multiclass"),
        ([[0.2, 0.8], [0.6, 0.4]], "sums to 1"),
        ([1.0, np.nan], "1 of 2 targets are NaN"),
        (np.array([1, None]), "dtype object"),
        (np.array([1, "a"], object), "dtype object"),
    ],
)
def test_what_is_not_certain_is_asked_for(labels, message):
    with pytest.raises(InputError, match=message):
        read(labels)


def test_a_task_makes_certain_what_labels_alone_do_not():
    assert read([0, 2, 4], task="multiclass").class_names == ("0", "2", "4")
    assert read([3, 4, 5], task="ordinal").y["train"].tolist() == [0, 1, 2]
    assert read([1998, 2003, 1999], task="regression").y["train"].tolist() == [1998, 2003, 1999]
    with pytest.raises(InputError, match="ignore_class=255"):
        read([0, 0, 1, 1, 255], task="multiclass")
    with pytest.raises(InputError, match="no example of class 2"):
        read([0, 1, 3], task="ordinal")


def test_the_order_of_texts_is_asked_for():
    with pytest.raises(InputError, match=r"order is not known.*dataset\.class_names"):
        read(["low", "high"], task="ordinal")
    assert read(["low", "high"], task="ordinal", class_names=["low", "high"]).y["train"].tolist() == [0, 1]


def test_masks_are_classes_of_pixels():
    masks = np.array([[[0, 255], [255, 0]]], np.uint8)
    targets = read(masks)
    assert (targets.task, targets.class_names) == ("segmentation", ("0", "255"))
    assert targets.y["train"].tolist() == [[[0, 1], [1, 0]]]
    classes = np.array([[[0, 1], [2, 1]]])
    assert read(np.eye(3)[classes]).y["train"].tolist() == classes.tolist()
    assert read(classes[..., None].astype(np.float32)).y["train"].tolist() == classes.tolist()


def test_pixels_that_do_not_count_keep_a_number_that_no_class_has():
    masks = np.array([[[0, 1], [2, 3]]])
    targets = read(masks, ignore_class=0)  # the classes are 1, 2, 3, and 0 would be the number of class 1
    assert (targets.class_names, targets.ignore_class) == (("1", "2", "3"), -1)
    assert targets.y["train"].tolist() == [[[-1, 0], [1, 2]]]


def test_outputs_of_regression_may_have_names():
    assert read(np.array([[0.5, 2.0], [1.5, 7.0]]), class_names=["a", "b"]).class_names == ("a", "b")
    with pytest.raises(InputError, match="3 names, but y_train has 2 columns"):
        read(np.array([[0.5, 2.0], [1.5, 7.0]]), class_names=["a", "b", "c"])
