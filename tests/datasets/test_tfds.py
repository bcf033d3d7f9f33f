import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.tfds import data_folder, load


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> str:
    """A data_dir with prepared files of small real datasets."""
    from tests.datasets.builders import PREPARED

    folder = tmp_path_factory.mktemp("tfds")
    for builder in PREPARED:
        builder(data_dir=str(folder)).download_and_prepare()
    return str(folder)


def test_pictures_are_read_exactly_and_in_order(prepared):
    from tests.datasets.builders import DIGITS, PIXELS

    dataset = load("small_digits", data_dir=prepared)
    assert (dataset.task, dataset.input_shape, dataset.num_classes) == ("multiclass", (8, 8, 1), 10)
    assert [len(split) for split in dataset.splits.values()] == [180, 20, 100]
    stored = {(x.tobytes(), y) for x, y in zip(PIXELS[200:300], DIGITS[200:300])}
    assert {(x.tobytes(), y) for x, y in zip(dataset.test.x, dataset.test.y)} == stored


def test_the_seed_fixes_the_splits(prepared):
    first, again, other = (load("small_digits", data_dir=prepared, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.train.x, again.train.x)
    assert not np.array_equal(first.val.x, other.val.x)
    assert np.array_equal(first.test.x, other.test.x)


def test_a_table_of_two_classes(prepared):
    dataset = load("small_tumours", data_dir=prepared)
    assert (dataset.task, dataset.class_names) == ("binary", ("malignant", "benign"))
    assert dataset.inputs.kind == "table"
    assert np.allclose(
        dataset.train.x.astype(float).mean(axis=0) * dataset.inputs.scale, -np.array(dataset.inputs.offset)
    )


def test_real_labels_are_a_regression_task(prepared):
    dataset = load("small_diabetes", data_dir=prepared)
    assert dataset.task == "regression"
    assert np.isclose(dataset.train.y.mean(), 151, atol=10)


def test_splits_may_be_slices(prepared):
    splits = {"train": "train[:50%]", "val": "train[50%:60%]", "test": "test"}
    dataset = load("small_digits", data_dir=prepared, splits=splits)
    assert [len(split) for split in dataset.splits.values()] == [100, 20, 100]


def test_a_test_split_can_be_cut_from_training(prepared):
    dataset = load("small_digits", data_dir=prepared, splits={"train": "train", "test": None}, test_fraction=0.25)
    assert [len(split) for split in dataset.splits.values()] == [135, 15, 50]


def test_a_version_is_found_by_its_files(prepared):
    assert len(load("small_digits", data_dir=prepared, version="1.0.0").test) == 100
    with pytest.raises(InputError, match=r"dataset\.version=2\.0\.0"):
        load("small_digits", data_dir=prepared, version="2.0.0")


def test_the_environment_names_the_folder(prepared, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", prepared)
    assert len(load("small_digits").test) == 100


def test_the_folder_is_absolute_wherever_it_comes_from(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    assert data_folder(None) == Path.home() / "tensorflow_datasets"
    assert data_folder("here") == tmp_path / "here"
    monkeypatch.setenv("TFDS_DATA_DIR", "/elsewhere")
    assert data_folder(None) == Path("/elsewhere")


@pytest.mark.parametrize("splits", [{"train": "learn"}, {"train": None}, {"train": "train", "val": "validation"}])
def test_a_split_that_does_not_exist(prepared, splits):
    with pytest.raises(InputError, match=r"dataset\.splits\.(train|val)=.*has the splits train, test"):
        load("small_digits", data_dir=prepared, splits=splits)


def test_an_empty_slice(prepared):
    with pytest.raises(InputError, match=r"dataset\.splits\.train=train\[:0\].*is empty"):
        load("small_digits", data_dir=prepared, splits={"train": "train[:0]"})


def test_an_unknown_key_of_splits(prepared):
    with pytest.raises(InputError, match=r"has validation; its keys are train, val, test"):
        load("small_digits", data_dir=prepared, splits={"train": "train", "validation": "test"})


@pytest.mark.parametrize(("name", "message"), [("any_size", "all of one shape"), ("unsupervised", "supervised_keys")])
def test_a_dataset_without_one_array_and_one_label(prepared, name, message):
    with pytest.raises(InputError, match=message):
        load(name, data_dir=prepared)


def test_a_name_that_tfds_does_not_know(tmp_path):
    with pytest.raises(InputError, match=r"dataset\.name=no_such_data: TFDS has no such dataset"):
        load("no_such_data", data_dir=str(tmp_path), download=True)


def test_prepared_files_of_a_stranger_make_nothing_be_imported(prepared, tmp_path, monkeypatch):
    shutil.copytree(Path(prepared) / "small_diabetes", tmp_path / "small_diabetes")
    (tmp_path / "my_stranger.py").write_text(f"open({str(tmp_path / 'harmed')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    [file] = (tmp_path / "small_diabetes").rglob("features.json")
    file.write_text(re.sub(r"tensorflow_datasets[\w.]*\.Scalar", "my_stranger.Scalar", file.read_text()))
    assert "my_stranger" in file.read_text()
    with pytest.raises(InputError, match=r"features\.json has a feature of the class my_stranger\.Scalar"):
        load("small_diabetes", version="1.0.0", data_dir=str(tmp_path))
    assert not (tmp_path / "harmed").exists()
