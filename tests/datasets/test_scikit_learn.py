import numpy as np
import pytest

from lossexp.datasets.check import check_dataset
from lossexp.datasets.scikit_learn import breast_cancer, diabetes, digits

SOURCES = (digits, breast_cancer, diabetes)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_keeps_the_contract(source):
    dataset = source(seed=0)
    check_dataset(dataset)
    labels = np.float64 if dataset.task == "regression" else np.int32
    for split in dataset.splits.values():
        assert split.x.dtype == np.float32
        assert split.y.dtype == labels


@pytest.mark.parametrize("source", SOURCES)
def test_the_seed_fixes_the_splits(source):
    first, again, other = source(seed=1), source(seed=1), source(seed=2)
    for name in first.splits:
        assert np.array_equal(first.splits[name].x, again.splits[name].x)
    assert not np.array_equal(first.test.y, other.test.y)


def test_digits_are_pictures_of_ten_classes():
    dataset = digits()
    assert (dataset.task, dataset.input_shape, dataset.num_classes) == ("multiclass", (8, 8, 1), 10)
    assert [len(split) for split in dataset.splits.values()] == [1293, 144, 360]
    assert (dataset.train.x.min(), dataset.train.x.max()) == (0, 1)


def test_digits_splits_share_no_picture():
    rows = {name: {row.tobytes() for row in split.x} for name, split in digits().splits.items()}
    assert not rows["train"] & rows["test"]
    assert not rows["train"] & rows["val"]


def test_breast_cancer_is_binary_and_standardised_by_its_model():
    dataset = breast_cancer()
    assert (dataset.task, dataset.input_shape) == ("binary", (30,))
    assert dataset.class_names == ("malignant", "benign")
    seen = dataset.train.x.astype(np.float64) * dataset.inputs.scale + dataset.inputs.offset
    assert np.allclose(seen.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(seen.std(axis=0), 1, atol=1e-5)


def test_diabetes_has_positive_targets_in_their_own_unit():
    dataset = diabetes()
    assert (dataset.task, dataset.num_classes, dataset.class_counts) == ("regression", 0, ())
    y = np.concatenate([split.y for split in dataset.splits.values()])
    assert (y.min(), y.max()) == (25, 346)


def test_a_limit_shortens_training_only():
    full, limited = digits(), digits(limit=100)
    assert len(limited.train) == 100
    assert max(limited.class_counts) - min(limited.class_counts) <= 1
    assert np.array_equal(full.test.x, limited.test.x)
    assert np.array_equal(full.val.x, limited.val.x)
