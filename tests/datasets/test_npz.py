from pathlib import Path

import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.npz import load
from lossexp.datasets.stored import StoredInputs

DRAW = np.random.default_rng(0)


@pytest.fixture
def write(tmp_path):
    """Writes a sound table of three classes with some arrays in place of its own; None leaves one out."""

    def _write(**changes) -> str:
        arrays = {
            "x_train": DRAW.normal(3, 2, (60, 4)),
            "y_train": np.arange(60) % 3,
            "x_test": DRAW.normal(3, 2, (12, 4)),
            "y_test": np.arange(12) % 3,
            **changes,
        }
        path = tmp_path / "mine.npz"
        np.savez(path, **{key: array for key, array in arrays.items() if array is not None})
        return str(path)

    return _write


def test_a_table_is_standardised_by_its_model_and_keeps_its_test_split(write):
    dataset = load(write())
    assert (dataset.name, dataset.task, dataset.class_names) == ("mine", "multiclass", ("0", "1", "2"))
    assert [len(split) for split in dataset.splits.values()] == [54, 6, 12]
    seen = dataset.train.x * dataset.inputs.scale + dataset.inputs.offset
    assert np.allclose(seen.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(seen.std(axis=0), 1, atol=1e-6)
    assert dataset.test.y.tolist() == (np.arange(12) % 3).tolist()


def test_a_table_can_stay_as_it_is(write):
    x = DRAW.normal(3, 2, (12, 4))
    dataset = load(write(x_test=x), standardise=False)
    assert np.array_equal(dataset.test.x, x.astype(np.float32))
    assert dataset.inputs.scale is None


def test_pictures_stay_bytes_and_become_0_to_1_with_a_channel_in_the_model(write):
    pixels = DRAW.integers(0, 256, (12, 5, 6), dtype=np.uint8)
    dataset = load(write(x_train=np.tile(pixels, (5, 1, 1)), x_test=pixels))
    assert dataset.input_shape == (5, 6, 1)
    assert (dataset.inputs.kind, dataset.inputs.scale) == ("image", 1 / 255)
    assert dataset.test.x.dtype == np.uint8
    assert np.array_equal(dataset.test.x, pixels)


def test_colour_pictures_keep_their_channels_and_real_pixels_their_range(write):
    pixels = DRAW.normal(0, 1, (12, 5, 6, 3)).astype(np.float32)
    dataset = load(write(x_train=np.tile(pixels, (5, 1, 1, 1)), x_test=pixels))
    assert np.array_equal(dataset.test.x, pixels)


def test_two_classes_are_a_binary_task_unless_told_otherwise(write):
    path = write(y_train=np.arange(60) % 2, y_test=np.arange(12) % 2)
    assert load(path).task == "binary"
    assert load(path, task="multiclass").task == "multiclass"


def test_real_targets_are_a_regression_task(write):
    y = DRAW.uniform(1, 9, 12)
    dataset = load(write(y_train=DRAW.uniform(1, 9, 60), y_test=y))
    assert (dataset.task, dataset.class_names) == ("regression", ())
    assert np.array_equal(dataset.test.y, y)


def test_a_column_of_labels_is_flattened(write):
    assert load(write(y_train=(np.arange(60) % 3)[:, None])).train.y.ndim == 1


def test_class_names_may_have_classes_without_examples(write):
    assert load(write(), class_names=["a", "b", "c", "d"]).class_counts[3] == 0


def test_arrays_of_validation_and_weights_are_used(write):
    x, weights = DRAW.normal(3, 2, (9, 4)), DRAW.uniform(1, 2, 60)
    path = write(x_val=x, y_val=np.arange(9) % 3, w_train=weights, sample_weight_val=np.arange(9.0))
    dataset = load(path)
    assert np.array_equal(dataset.val.x, x.astype(np.float32))
    assert np.array_equal(dataset.train.sample_weight, weights.astype(np.float32))
    assert dataset.val.sample_weight.tolist() == list(range(9))
    assert dataset.test.sample_weight is None


def test_weights_follow_their_examples_through_a_cut(write):
    x = DRAW.normal(3, 2, (60, 4))
    dataset = load(write(x_train=x, sample_weight_train=x[:, 0] ** 2))
    for split in (dataset.train, dataset.val):
        assert np.allclose(split.x[:, 0] ** 2, split.sample_weight)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(59), r"train data: sample weights have shape \(59,\) .* for 60 examples"),
        (np.array(["heavy"] * 60), "sample weights have .* dtype <U5"),
        (np.r_[-2.0, np.ones(59)], "1 of 60 are not, such as -2"),
        (np.zeros(60), "all are 0"),
    ],
)
def test_weights_that_are_none(write, weights, message):
    with pytest.raises(InputError, match=message):
        load(write(w_train=weights))


def test_a_class_without_a_test_example_is_told(write, caplog):
    load(write(y_test=np.zeros(12, int)))
    assert "no test example has 1, 2, so scores say nothing of it" in caplog.text


def save(folder, **arrays) -> str:
    np.savez(folder / "other.npz", **arrays)
    return str(folder / "other.npz")


def test_the_names_of_public_layouts_are_known(tmp_path):
    x, y = DRAW.integers(0, 256, (30, 8, 8), dtype=np.uint8), (np.arange(30) % 3)[:, None]
    images = {f"{part}_images": x for part in ("train", "val", "test")}
    medmnist = load(save(tmp_path, **images, **{f"{part}_labels": y for part in ("train", "val", "test")}))
    assert [len(split) for split in medmnist.splits.values()] == [30, 30, 30]
    assert load(save(tmp_path, X_train=x, y_train=y, X_test=x, y_test=y)).test.y.tolist() == y[:, 0].tolist()
    assert load(save(tmp_path, X=x, Y=y)).num_classes == 3


def test_without_test_arrays_the_test_split_is_cut_off(tmp_path):
    x, y = DRAW.normal(size=(100, 4)), np.arange(100) % 2
    dataset = load(save(tmp_path, data=x, target=y), test_fraction=0.3)
    assert [len(split) for split in dataset.splits.values()] == [63, 7, 30]
    rows = np.concatenate([split.x[:, 0] for split in dataset.splits.values()])
    assert np.array_equal(np.sort(rows), np.sort(x[:, 0].astype(np.float32)))


def test_arrays_may_be_called_anything(tmp_path):
    x, y = DRAW.normal(size=(100, 4)), np.arange(100) % 2
    path = save(tmp_path, pixels=x, kind=y, x_train=x[:7])
    assert len(load(path, names={"x_train": "pixels", "y_train": "kind"}).test) == 20
    with pytest.raises(InputError, match=r"names\.x_train=pixel: .* has pixels, kind"):
        load(path, names={"x_train": "pixel"})
    with pytest.raises(InputError, match=r"names\.x_trian: no such key.*x_train"):
        load(path, names={"x_trian": "pixels"})


def test_two_arrays_that_may_be_the_same_are_refused(tmp_path):
    x, y = DRAW.normal(size=(100, 4)), np.arange(100) % 2
    with pytest.raises(InputError, match=r"has x_train and X_train, which may both be x_train"):
        load(save(tmp_path, x_train=x, X_train=x, y_train=y))


def test_an_array_that_is_not_read_is_named(write, caplog):
    load(write(ids=np.arange(60)))
    assert "ids not read" in caplog.text


def test_a_folder_has_the_same_names(tmp_path):
    pixels, labels = DRAW.integers(0, 256, (30, 5, 6), dtype=np.uint8), np.array(["cat", "dog", "cow"] * 10)
    for part in ("train", "val"):
        np.save(tmp_path / f"{part}_images.npy", pixels)
        np.save(tmp_path / f"{part}_labels.npy", labels)
    dataset = load(str(tmp_path))
    assert dataset.class_names == ("cat", "cow", "dog")
    assert isinstance(dataset.val.x, StoredInputs)
    assert [dataset.class_names[k] for k in dataset.val.y] == labels.tolist()


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (DRAW.integers(0, 2, (100, 5)), "multilabel"),
        (DRAW.normal(size=(100, 3)), "regression"),
        (np.arange(100) % 4, "ordinal"),
    ],
)
def test_targets_of_every_task(tmp_path, y, task):
    dataset = load(save(tmp_path, x=DRAW.normal(size=(100, 4)), y=y), task=task)
    assert dataset.task == task
    assert dataset.train.y.shape[1:] == y.shape[1:]


def test_classes_of_pixels(tmp_path):
    x, y = DRAW.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8), DRAW.integers(0, 3, (40, 8, 8))
    y[:, 0] = 255
    dataset = load(save(tmp_path, x=x, y=y), ignore_class=255)
    assert (dataset.task, dataset.class_names, dataset.ignore_class) == ("segmentation", ("0", "1", "2"), 255)
    assert dataset.train.y.shape == (*dataset.train.x.shape[:3],)


def test_examples_without_a_label_are_in_no_split(write):
    """As if they had never been stored: in counts, standardisation, splits and tests alike."""
    x, y = DRAW.normal(3, 2, (60, 4)), np.arange(60) % 3
    x_test, y_test = DRAW.normal(3, 2, (12, 4)), np.arange(12) % 3
    sound = load(write(x_train=x, y_train=y, x_test=x_test, y_test=y_test))
    at, odd = [0, 5, 5, 60], np.full((1, 4), 1e6)
    for label in (-1, 255):
        path = write(
            x_train=np.insert(x, at, odd, axis=0),
            y_train=np.insert(y, at, label)[:, None],
            x_test=np.insert(x_test, [3, 12], odd, axis=0),
            y_test=np.insert(y_test, [3, 12], label),
        )
        dataset = load(path, ignore_class=label)
        assert (dataset.task, dataset.class_names) == (sound.task, sound.class_names)
        for ours, theirs in zip(dataset.splits.values(), sound.splits.values()):
            assert np.array_equal(ours.x, theirs.x)
            assert np.array_equal(ours.y, theirs.y)
        with pytest.raises(InputError, match=r"label -1 .*dataset\.ignore_class=-1|no example of class 3"):
            load(path)


def test_two_classes_and_unlabelled_examples_are_a_binary_task(write):
    path = write(y_train=np.arange(60) % 3 - 1, y_test=np.arange(12) % 3 - 1)
    assert load(path, ignore_class=-1).task == "binary"


def test_unlabelled_pictures_on_disk_stay_there(tmp_path):
    pixels = DRAW.integers(0, 256, (30, 5, 6), dtype=np.uint8)
    labels = np.arange(30) % 3 - 1
    for part in ("train", "test"):
        np.save(tmp_path / f"x_{part}.npy", pixels)
        np.save(tmp_path / f"y_{part}.npy", labels)
    dataset = load(str(tmp_path), ignore_class=-1)
    assert isinstance(dataset.test.x, StoredInputs)
    assert np.array_equal(dataset.test.x[:], pixels[labels >= 0])
    assert dataset.test.y.tolist() == labels[labels >= 0].tolist()


@pytest.mark.parametrize(
    ("changes", "ignored", "message"),
    [
        ({"y_test": np.full(12, 7)}, 7, r"y_test holds nothing but dataset\.ignore_class=7"),
        ({"y_train": DRAW.uniform(1, 9, 60)}, -1, "is for class labels"),
        ({}, 0.5, r"ignore_class=0\.5: give a whole number or null"),
        ({}, "no", "ignore_class=no: give a whole number or null"),
        ({}, 1, "no example of class 1"),
        ({"x_train": np.zeros((59, 4))}, -1, "59 inputs but 60 targets"),
    ],
)
def test_an_ignored_label_that_cannot_be(write, changes, ignored, message):
    with pytest.raises(InputError, match=message):
        load(write(**changes), ignore_class=ignored)


def test_real_mnist(mnist_npz):
    dataset = load(str(mnist_npz), seed=3)
    assert (dataset.name, dataset.task, dataset.input_shape) == ("mnist", "multiclass", (28, 28, 1))
    assert [len(split) for split in dataset.splits.values()] == [54000, 6000, 10000]
    assert np.bincount(dataset.test.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (dataset.train.x.dtype, dataset.train.x.max()) == (np.uint8, 255)


def test_whole_numbers_stored_as_reals_need_a_task(write):
    path = write(y_train=(np.arange(60) % 3).astype(float))
    with pytest.raises(InputError, match=r"dataset\.task=multiclass, binary or regression"):
        load(path)
    assert load(path, task="multiclass").num_classes == 3
    assert load(path, task="regression").task == "regression"


def test_a_file_that_is_not_there():
    with pytest.raises(InputError, match=r"dataset\.path=nowhere\.npz: no such file"):
        load("nowhere.npz")


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut short"])
def test_a_file_that_is_not_an_npz(tmp_path, content):
    path = tmp_path / "wrong.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"is not an \.npz file.*numpy\.savez"):
        load(str(path))


def test_a_truncated_npz(write):
    path = Path(write())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"is not an \.npz file"):
        load(str(path))


@pytest.mark.parametrize("content", [b"", b"junk", b"\x93NUMPY"])
def test_a_damaged_file_in_a_folder(tmp_path, content):
    for key in ("x_train", "y_train", "x_test", "y_test"):
        (tmp_path / f"{key}.npy").write_bytes(content)
    with pytest.raises(InputError, match="does not hold plain arrays") as raised:
        load(str(tmp_path))
    assert "pickle" not in str(raised.value)  # numpy would advise to load one


def test_a_class_name_that_is_blank(write):
    with pytest.raises(InputError, match=r"dataset\.class_names\[1\]=' ': give a text that is not blank"):
        load(write(), class_names=["a", " ", "c"])


def test_a_single_array(tmp_path):
    np.save(tmp_path / "single.npy", np.zeros(3))
    with pytest.raises(InputError, match=r"is not an \.npz file"):
        load(str(tmp_path / "single.npy"))


def test_missing_arrays_are_named_with_what_is_there(write):
    with pytest.raises(InputError, match="lacks x_train, y_train; it has x_test, y_test"):
        load(write(x_train=None, y_train=None))
    with pytest.raises(InputError, match=r"has x_test, but lacks y_test.*dataset\.names\.y_test="):
        load(write(y_test=None))


class Harmful:
    def __reduce__(self):
        return (Path.touch, (Path("ran_code"),))


def test_pickled_objects_are_refused_and_never_run(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="plain arrays") as refusal:
        load(write(y_train=np.array([Harmful()] * 60, dtype=object)))
    assert "allow_pickle" not in str(refusal.value)
    assert not Path("ran_code").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.zeros(60)}, r"x_train has shape \(60,\)"),
        ({"x_train": np.zeros((0, 4)), "y_train": np.zeros(0, int)}, r"x_train has shape \(0, 4\)"),
        ({"x_train": np.zeros((59, 4))}, "59 inputs but 60 targets"),
        ({"x_test": np.zeros((12, 5))}, r"shape \(5,\), the training inputs \(4,\)"),
        ({"x_train": np.full((60, 4), np.nan)}, "x_train: 240 of 240 values are NaN"),
        ({"y_train": np.eye(3, dtype=int)[np.arange(60) % 3]}, "y_test has shape .* and the training targets"),
        ({"y_train": np.array(["cat", "dog", "cow"] * 20)}, "y_test has dtype int64, the training targets"),
        ({"y_train": np.arange(60) % 3 + 1}, "y_test: label 0 is outside the 3 classes 1, 2, 3"),
        ({"y_train": np.arange(60) % 3 * 2}, "no example of class 1"),
        ({"y_train": np.zeros(60, int)}, "nothing but .0."),
        ({"y_train": np.arange(60) % 2 * 2 - 1}, "y_test: label 0 is outside the 2 classes -1, 1"),
        ({"y_test": np.arange(12) % 4}, "label 3 is outside the 3 classes"),
        ({"y_test": np.arange(12) % 3 - 1}, "label -1 is outside the 3 classes"),
    ],
)
def test_arrays_that_cannot_be_trained_on(write, changes, message):
    with pytest.raises(InputError, match=message):
        load(write(**changes))


def test_an_unknown_task(write):
    with pytest.raises(InputError, match=r"dataset\.task=ranking: give one of auto, multiclass"):
        load(write(), task="ranking")


def test_a_binary_task_of_three_classes(write):
    with pytest.raises(InputError, match="there are 3 classes"):
        load(write(), task="binary")
