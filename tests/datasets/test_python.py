import functools

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from lossexp.base.errors import InputError
from lossexp.datasets.python import load
from lossexp.datasets.stored import StoredInputs

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(60, 4)), np.arange(60) % 3
PICTURES = DRAW.integers(0, 256, (60, 5, 6, 1), dtype=np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LOSSEXP_DATA_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def returning(result):
    return load(lambda: result)


@pytest.mark.parametrize(
    ("result", "sizes"),
    [
        (((X, Y), (X[:12], Y[:12])), [54, 6, 12]),
        (((X, Y), (X[:9], Y[:9]), (X[:12], Y[:12])), [60, 9, 12]),
        ((X, Y), [43, 5, 12]),
        ([X, Y], [43, 5, 12]),
        ((X, Y, np.ones(60)), [43, 5, 12]),
        ((X, Y, X[:12], Y[:12]), [54, 6, 12]),
        ({"x_train": X, "y_train": Y, "X_test": X[:12], "y_test": Y[:12]}, [54, 6, 12]),
        ({"train": (X, Y), "test": (X[:12], Y[:12])}, [54, 6, 12]),
        ((X.tolist(), Y.tolist()), [43, 5, 12]),
        ((pd.DataFrame(X), pd.Series(Y)), [43, 5, 12]),
        ((tf.constant(X), tf.constant(Y)), [43, 5, 12]),
        (load_iris(), [108, 12, 30]),
    ],
)
def test_arrays_in_every_usual_form(result, sizes):
    dataset = returning(result)
    assert [len(split) for split in dataset.splits.values()] == sizes
    assert (dataset.task, dataset.num_classes) == ("multiclass", 3)


@pytest.mark.parametrize(("fraction", "sizes"), [(0.2, [43, 5, 12]), (0.5, [27, 3, 30])])
def test_the_order_of_train_test_split_is_known_by_the_shapes(fraction, sizes):
    dataset = returning(train_test_split(X, Y, test_size=fraction, random_state=0))
    assert [len(split) for split in dataset.splits.values()] == sizes


def test_lists_of_unlike_lengths_are_refused():
    with pytest.raises(InputError, match="pad what is shorter"):
        returning(([[1] * (k % 3 + 1) for k in range(60)], Y))


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        return PICTURES[index * 10 : index * 10 + 10], Y[index * 10 : index * 10 + 10]


STREAM = tf.data.Dataset.from_tensor_slices((PICTURES, Y))


@pytest.mark.parametrize(
    "stream",
    [
        STREAM,
        STREAM.batch(7),
        STREAM.batch(10, drop_remainder=True),
        STREAM.filter(lambda x, y: y >= 0),
        Sequence(),
        tf.data.Dataset.from_tensor_slices((PICTURES, tf.one_hot(Y, 3))),
        tf.data.Dataset.from_tensor_slices((PICTURES, Y.astype(str))).batch(7),
    ],
)
def test_a_stream_is_the_arrays_that_it_gives(stream):
    dataset, expected = returning(stream), returning((PICTURES, Y))
    for ours, theirs in zip(dataset.splits.values(), expected.splits.values()):
        assert isinstance(ours.x, StoredInputs)
        assert np.array_equal(ours.x[:], theirs.x)
        assert np.array_equal(ours.y, theirs.y)


@pytest.mark.parametrize("masks", [PICTURES[..., 0] // 128, PICTURES // 128], ids=["flat", "with a channel"])
@pytest.mark.parametrize("batch", [None, {"batch_size": 5}, {"batch_size": 5, "drop_remainder": True}])
def test_a_picture_and_its_mask_are_no_batch(masks, batch):
    stream = tf.data.Dataset.from_tensor_slices((PICTURES, masks))
    dataset = returning(stream.batch(**batch) if batch else stream)
    assert (dataset.task, dataset.train.y.shape[1:]) == ("segmentation", (5, 6))
    assert [len(split) for split in dataset.splits.values()] == [43, 5, 12]


def test_an_example_of_as_many_values_as_features_is_no_batch():
    stream = tf.data.Dataset.from_tensor_slices((X, 2 * X))
    for dataset in (returning(stream), returning(stream.batch(7))):
        assert dataset.train.y.shape == (43, 4)


def test_shapes_of_a_batch_and_of_one_example_are_asked_for():
    with pytest.raises(InputError, match=r"may be a batch or one example.*\.batch\(32\)"):
        returning(tf.data.Dataset.from_tensor_slices((PICTURES, np.repeat(PICTURES, 3, axis=-1))))


def test_a_stream_is_read_once_and_anew_where_asked():
    """Its own order may be another each time: runs that are compared have the same."""
    read = []

    def shuffled(width=3):
        def count(x, y):
            read.append(1)
            return y

        return STREAM.map(lambda x, y: (x, tf.ensure_shape(tf.numpy_function(count, [x, y], tf.int64), []))).shuffle(60)

    first, again = load(shuffled), load(shuffled)
    assert len(read) == 60
    assert np.array_equal(first.train.x[:], again.train.x[:])
    load(shuffled, reread=True)
    load(functools.partial(shuffled, width=4))
    assert len(read) == 180


def test_a_stream_without_end_is_refused():
    with pytest.raises(InputError, match=r"has no end.*take\(n\)"):
        returning(STREAM.repeat())


def test_a_function_gets_the_seed_if_it_takes_one():
    def drawn(seed, n=60):
        return np.random.default_rng(seed).normal(size=(n, 4)), Y

    assert not np.array_equal(load(drawn, seed=1).train.x, load(drawn, seed=2).train.x)
    fixed = functools.partial(drawn, seed=7)
    assert np.array_equal(load(fixed, seed=1).test.y, load(fixed, seed=1).test.y)


def test_a_dataset_of_lossexp_is_taken_as_it_is():
    dataset = returning((X, Y))
    assert returning(dataset) is dataset


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, r"returned nothing \(there is no return\)\. Return \(\(x_train"),
        (3, "returned a int"),
        ((X,), "returned a tuple of 1 .ndarray. where .x, y. or a dataset is meant"),
        ((X, Y, X, Y, X), "tuple of 5"),
        ({"pixels": X}, "lacks x_train, y_train; it has pixels"),
        ((X, Y[:50]), "60 inputs but 50 targets"),
        (pd.DataFrame(X), "returned a DataFrame"),
        (tf.data.Dataset.from_tensor_slices({"image": PICTURES, "label": Y}), r"Give \(x, y\)"),
        ((pd.DataFrame({"a": ["x"] * 60}), Y), "dtype"),
    ],
)
def test_results_of_another_kind(result, message):
    with pytest.raises(InputError, match=message):
        returning(result)


def failing():
    raise KeyError("age")


def test_an_error_in_the_function_is_told_with_its_place():
    with pytest.raises(InputError, match=r"KeyError in .*test_python\.py, line \d+, in failing"):
        load(failing)


def test_an_error_in_the_stream_is_told_with_its_place():
    def numbers():
        yield PICTURES[0], 0
        raise KeyError("age")

    signature = (tf.TensorSpec((5, 6, 1), tf.uint8), tf.TensorSpec((), tf.int32))
    with pytest.raises(InputError, match=r"test_python\.py, line \d+, in numbers: +KeyError: 'age'"):
        returning(tf.data.Dataset.from_generator(numbers, output_signature=signature))
