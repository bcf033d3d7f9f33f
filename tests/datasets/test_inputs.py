import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.assemble import assemble
from lossexp.datasets.dataset import Split
from lossexp.datasets.inputs import kind_of

DRAW = np.random.default_rng(0)
LABELS = np.arange(60) % 3


def dataset(x, test=None, **settings):
    test = x[:12] if test is None else test
    rest = {"class_names": ("a", "b", "c"), "seed": 0, "validation_fraction": 0.2}
    return assemble("mine", "multiclass", Split(x, LABELS), test=Split(test, LABELS[:12]), **rest, **settings)


def seen(data, split):
    return split.x * np.asarray(data.inputs.scale) + data.inputs.offset


@pytest.mark.parametrize(
    ("x", "kind", "shape"),
    [
        (np.zeros((60, 5, 6), np.uint8), "image", (5, 6, 1)),
        (np.zeros((60, 5, 6, 3)), "image", (5, 6, 3)),
        (np.zeros((60, 4)), "table", (4,)),
        (np.zeros((60, 4), bool), "table", (4,)),
        (np.zeros((60, 2, 3, 4, 5), np.float32), "raw", (2, 3, 4, 5)),
    ],
)
def test_what_cannot_be_mistaken_is_taken_for_what_it_is(x, kind, shape):
    data = dataset(x)
    assert (data.inputs.kind, data.input_shape) == (kind, shape)


@pytest.mark.parametrize(
    ("x", "either"),
    [
        (np.zeros((60, 5, 6)), "image or dataset.inputs=series"),
        (np.zeros((60, 5, 6), np.int32), "image or dataset.inputs=series"),
        (np.zeros((60, 9), np.int64), "tokens or dataset.inputs=table"),
        (np.zeros((60, 9), np.uint8), "tokens or dataset.inputs=table"),
    ],
)
def test_what_may_be_two_things_is_asked_for(x, either):
    with pytest.raises(InputError, match=f"dataset.inputs={either}"):
        dataset(x)


@pytest.mark.parametrize(
    ("kind", "x", "message"),
    [
        ("series", np.zeros((60, 4)), r"series means \[n, steps, features\], but inputs have shape \(48, 4\)"),
        ("image", np.zeros((60, 4)), "image means"),
        ("tokens", np.zeros((60, 4)), "tokens means integers, but inputs have dtype float64"),
        ("tokens", np.full((60, 4), -1), "token ids go from 0 to 2147483647, and one is -1"),
    ],
)
def test_an_array_of_another_layout_than_asked_for_is_refused(kind, x, message):
    with pytest.raises(InputError, match=message):
        dataset(x, inputs=kind)


def test_pictures_with_channels_first_are_refused_unless_they_are_said_to_be_pictures():
    x = np.zeros((4, 3, 8, 8), np.uint8)
    with pytest.raises(InputError, match=r"channels last.*np.moveaxis\(x, 1, -1\)"):
        kind_of(x, "auto", "mine")
    assert kind_of(x, "image", "mine") == kind_of(np.moveaxis(x, 1, -1), "auto", "mine") == "image"


def test_tokens_stay_integers_and_tell_their_vocabulary():
    x = DRAW.integers(0, 50, (60, 7))
    data = dataset(x, test=np.full((12, 7), 99), inputs="tokens")
    assert (data.train.x.dtype, data.input_shape, data.inputs.vocabulary) == (np.int32, (7,), 100)
    assert data.inputs.scale is None


@pytest.mark.parametrize("kind", ["table", "series"])
def test_each_feature_has_training_mean_0_and_deviation_1(kind):
    x = DRAW.normal([1, 10, 1000, 1e-9], [1, 10, 1e4, 1e-12], (60, 4) if kind == "table" else (60, 5, 4))
    data = dataset(x, inputs=kind)
    train = seen(data, data.train).reshape(-1, 4)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(train.std(axis=0), 1, atol=1e-4)


def test_a_constant_feature_is_only_shifted():
    x = DRAW.normal(size=(60, 2))
    x[:, 1] = 7
    test = x[:12].copy()
    test[:, 1] = 9
    data = dataset(x, test)
    assert not seen(data, data.train)[:, 1].any()
    np.testing.assert_allclose(seen(data, data.test)[:, 1], 2)


def test_features_far_from_0_keep_the_digits_of_their_differences():
    x = np.column_stack([1.7e9 + DRAW.normal(0, 10, 60), DRAW.normal(size=60)])
    data = dataset(x)
    assert data.train.x.dtype == np.float64
    assert len(np.unique(seen(data, data.train)[:, 0])) == len(data.train)
    assert dataset(x[:, 1:]).train.x.dtype == np.float32


def test_bytes_in_one_split_and_fractions_in_another_are_refused():
    pixels = DRAW.integers(0, 256, (60, 5, 6, 1), dtype=np.uint8)
    with pytest.raises(InputError, match="uint8 in train, uint8 in val, float32 in test"):
        dataset(pixels, test=pixels[:12] / 255)


def test_raw_is_left_as_it_is():
    x = DRAW.integers(0, 9, (60, 4, 5))
    data = dataset(x, inputs="raw")
    assert (data.inputs.scale, data.inputs.kind, data.train.x.dtype) == (None, "raw", x.dtype)
    assert kind_of(x, "raw", "") == "raw"


def test_pictures_of_other_numbers_than_bytes_are_told_and_have_one_range_in_all_splits(caplog):
    x = DRAW.integers(0, 256, (60, 5, 6, 3))
    assert dataset(x).inputs.scale is None
    assert "go up to 2" in caplog.text
    assert "x.astype(np.uint8)" in caplog.text
    with pytest.raises(
        InputError, match=r"0\.\d+ in val, 2\d\d in test. Give every split inputs of one dtype and range"
    ):
        dataset(x / 256, test=x[:12].astype(float))


def test_given_splits_are_not_copied():
    x = DRAW.normal(size=(60, 4)).astype(np.float32)
    assert np.shares_memory(dataset(x).test.x, x)
