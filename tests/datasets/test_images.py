import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.images import load

DRAW = np.random.default_rng(0)


def write(folder, pixels, name="1.png"):
    folder.mkdir(parents=True, exist_ok=True)
    pixels = pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
    keras.utils.save_img(folder / name, pixels, scale=False)


def pictures(folder, count=20, classes=("cat", "dog"), channels=3):
    """PNG files of random bytes, by class and number."""
    drawn = {}
    for name in classes:
        for i in range(count):
            drawn[name, i] = DRAW.integers(0, 256, (6, 7, channels), dtype=np.uint8)
            write(folder / name, drawn[name, i], f"{i:02}.png")
    return drawn


def test_parts_are_folders_and_bytes_stay_what_they_are(tmp_path):
    drawn = {part: pictures(tmp_path / part) for part in ("train", "val", "test")}
    dataset = load(str(tmp_path), [6, 7])
    assert (dataset.task, dataset.class_names, dataset.input_shape) == ("binary", ("cat", "dog"), (6, 7, 3))
    for part, split in dataset.splits.items():
        expected = [pixels for _, pixels in sorted(drawn[part].items())]
        assert split.x.dtype == np.uint8
        assert np.array_equal(split.x, expected)
        assert split.y.tolist() == [0] * 20 + [1] * 20


def test_parts_are_known_with_capitals_too(tmp_path):
    """Else Train and Test would be two classes."""
    for part in ("Train", "Test"):
        pictures(tmp_path / part)
    dataset = load(str(tmp_path), [6, 7])
    assert (dataset.class_names, len(dataset.test)) == (("cat", "dog"), 40)


def test_without_parts_they_are_cut(tmp_path):
    pictures(tmp_path, classes=("a", "b", "c"), channels=1)
    dataset = load(str(tmp_path), [3, 3], color="grey", validation_fraction=0.25)
    assert [len(split) for split in dataset.splits.values()] == [36, 12, 12]
    assert (dataset.task, dataset.input_shape) == ("multiclass", (3, 3, 1))


def test_a_damaged_file_is_named(tmp_path):
    pictures(tmp_path)
    (tmp_path / "dog" / "05.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"1 of 40 pictures cannot be read: .*dog/05\.png"):
        load(str(tmp_path), [6, 7])


def test_files_that_are_no_pictures_are_named(tmp_path, caplog):
    pictures(tmp_path)
    (tmp_path / "cat" / "notes.txt").write_text("mine")
    load(str(tmp_path), [6, 7])
    assert "cat/notes.txt" in caplog.text


def test_a_class_that_training_lacks(tmp_path):
    pictures(tmp_path / "train")
    pictures(tmp_path / "test", classes=("cat", "cow"))
    with pytest.raises(InputError, match=r"test has the class cow; those of training are cat, dog"):
        load(str(tmp_path), [6, 7])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "has 0 folders"),
        (lambda folder: (folder / "cat").mkdir(), "has 1 folders"),
        (lambda folder: [(folder / name).mkdir() for name in ("cat", "dog")], "[Nn]o images found"),
        (lambda folder: pictures(folder / "test"), "no folder train"),
        (lambda folder: [pictures(folder / part) for part in ("train", "val", "valid")], "val and valid"),
    ],
)
def test_folders_that_hold_no_classes(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(InputError, match=message):
        load(str(tmp_path), [6, 7])


def test_settings_that_cannot_be(tmp_path):
    with pytest.raises(InputError, match=r"size=\[6\]: give two whole numbers"):
        load(str(tmp_path), [6])
    with pytest.raises(InputError, match="no such folder"):
        load("nowhere", [6, 7])
