"""Inputs on disk are, to everyone who asks, what they are in memory."""

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets import npz, tfds
from lossexp.datasets.stored import StoredInputs, chunks
from lossexp.datasets.tfds_files import stored_split
from lossexp.losses import Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.tracking.mlflow_model import dataset_inputs
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer
from tests.jobs import job


@pytest.fixture(scope="module")
def arrays():
    random = np.random.default_rng(0)
    y = np.arange(200) % 10
    x = (random.random((200, 6, 5)) * 255).astype(np.uint8)
    return {"x_train": x[:150], "y_train": y[:150], "x_test": x[150:], "y_test": y[150:]}


@pytest.fixture(scope="module")
def in_memory(arrays, tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "data.npz"
    np.savez(path, **arrays)
    return npz.load(str(path))


@pytest.fixture(scope="module")
def on_disk(arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp("npy")
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return npz.load(str(folder))


def assert_same(one, other):
    assert (one.input_shape, one.class_counts, one.task) == (other.input_shape, other.class_counts, other.task)
    for name, split in one.splits.items():
        np.testing.assert_array_equal(split.x[:], other.splits[name].x[:])
        np.testing.assert_array_equal(split.y, other.splits[name].y)


def test_a_folder_of_npy_files_is_the_npz_file_of_the_same_arrays(in_memory, on_disk):
    assert isinstance(on_disk.train.x, StoredInputs)
    assert isinstance(in_memory.train.x, np.ndarray)
    assert_same(on_disk, in_memory)


def test_training_gives_the_same_bits(in_memory, on_disk):
    def trained(data):
        with runtime(0):
            model = mlp(data.input_shape, 10)
            trainer = Trainer(epochs=2, jit_compile=False, progress=False)
            fit = trainer.fit(Parts(data, model, Focal(), keras.optimizers.Adam()), seed=0)
            return [*model.get_weights(), fit.predict(data.test.x)], [r["val/nll"] for r in fit.history]

    (mine, my_curve), (theirs, their_curve) = trained(on_disk), trained(in_memory)
    assert my_curve == their_curve
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_chunks_and_single_examples_are_the_array(on_disk, in_memory, monkeypatch):
    monkeypatch.setattr("lossexp.datasets.stored.CHUNK_BYTES", 250)
    for inputs in (on_disk.train.x, in_memory.train.x):
        parts = list(chunks(inputs))
        assert len(parts) > 5
        np.testing.assert_array_equal(np.concatenate(parts), in_memory.train.x)
    np.testing.assert_array_equal(on_disk.train.x[7], in_memory.train.x[7])
    assert on_disk.train.x.shape == in_memory.train.x.shape
    assert on_disk.train.x.nbytes == in_memory.train.x.nbytes


def test_a_single_example_is_indexed_as_in_numpy(on_disk, in_memory):
    stored, array = on_disk.train.x, in_memory.train.x
    for index in (0, -1, -len(array), np.int64(3), np.array(-2)):
        np.testing.assert_array_equal(stored[index], array[index])
    for index in (len(array), -len(array) - 1):
        with pytest.raises(IndexError):
            stored[index]


def test_tracking_describes_them_without_reading_them(on_disk):
    train, val, _ = (entry["dataset"] for entry in dataset_inputs(on_disk))
    assert f"{list(on_disk.train.x.shape)}" in train["profile"]
    assert train["digest"] != val["digest"]


def test_a_whole_run_reads_from_disk(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name, count in (("train", 100), ("test", 40)):
        np.save(folder / f"x_{name}.npy", random.random((count, 6, 5, 3)).astype(np.float32))
        np.save(folder / f"y_{name}.npy", np.arange(count) % 3)
    scores, run_dir = job(tmp_path, "dataset=npz", f"dataset.path={folder}", "model=mlp", tracked=True)
    assert np.isfinite(scores.test["nll"])
    assert (run_dir / "figures" / "samples.png").exists()


def test_tfds_pictures_are_written_to_disk_once_and_are_the_same(tmp_path):
    from tests.datasets.builders import SmallDigits, SmallTumours

    for builder in (SmallDigits, SmallTumours):
        builder(data_dir=str(tmp_path)).download_and_prepare()
    first = tfds.load("small_digits", data_dir=str(tmp_path), in_memory=False)
    assert isinstance(first.train.x, StoredInputs)
    assert_same(first, tfds.load("small_digits", data_dir=str(tmp_path)))
    [file] = (tmp_path / "lossexp").glob("small_digits*/train/x.npy")
    written = file.stat().st_mtime_ns
    assert_same(tfds.load("small_digits", data_dir=str(tmp_path), in_memory=False), first)
    assert file.stat().st_mtime_ns == written
    tables = tfds.load("small_tumours", data_dir=str(tmp_path), in_memory=False)  # standardised, so in memory
    assert_same(tables, tfds.load("small_tumours", data_dir=str(tmp_path)))


@pytest.fixture
def prepared(tmp_path):
    from tests.datasets.builders import SmallDigits

    builder = SmallDigits(data_dir=str(tmp_path))
    builder.download_and_prepare()
    return builder


def test_files_that_are_there_are_read_without_a_lock(prepared, tmp_path, monkeypatch):
    first = tfds.load("small_digits", data_dir=str(tmp_path), in_memory=False)

    def read_only(*args, **kwargs):
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr("lossexp.datasets.store.FileLock", read_only)
    monkeypatch.setattr("pathlib.Path.mkdir", read_only)
    assert_same(tfds.load("small_digits", data_dir=str(tmp_path), in_memory=False), first)


@pytest.mark.parametrize(
    ("change", "given"), [(lambda d: d.take(0), 0), (lambda d: d.take(150), 150), (lambda d: d.repeat(2), 400)]
)
def test_a_split_of_another_size_than_announced_is_refused(change, given, prepared, tmp_path):
    def read(batch_size):
        return change(prepared.as_dataset(split="train", as_supervised=True)).batch(batch_size)

    with pytest.raises(InputError, match=f"announced 200 examples, but its files gave {given}"):
        stored_split(prepared, "train", tmp_path, read)
    assert not list((tmp_path / "lossexp").glob("*/train"))
    assert not list((tmp_path / "lossexp").glob("*/.unfinished*"))


def test_an_incomplete_folder_is_refused(tmp_path):
    np.save(tmp_path / "x_train.npy", np.zeros((3, 2)))
    with pytest.raises(InputError, match="has x_train, but lacks y_train"):
        npz.load(str(tmp_path))


def test_infinite_pictures_on_disk_are_refused(arrays, tmp_path):
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", np.full(array.shape, np.inf) if name == "x_test" else array)
    with pytest.raises(InputError, match="x_test: 1500 of 1500 values are NaN or infinite"):
        npz.load(str(tmp_path))
