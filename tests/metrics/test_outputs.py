import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.metrics import load_outputs, save_outputs, score


def test_saved_outputs_score_the_same(tmp_path):
    rng = np.random.default_rng(0)
    outputs, labels = rng.normal(size=(40, 3)).astype(np.float32), rng.integers(0, 3, 40).astype(np.int32)
    meaning = {"task": "multiclass", "link": "softmax", "class_names": ("a", "b", "ü")}
    path = save_outputs(tmp_path / "new" / "test.npz", outputs, labels, **meaning)
    loaded = load_outputs(path)
    np.testing.assert_array_equal(loaded.outputs, outputs)
    np.testing.assert_array_equal(loaded.labels, labels)
    assert (loaded.labels.dtype, loaded.class_names, loaded.target_scale) == (np.int32, ("a", "b", "ü"), 1.0)
    assert loaded.score() == score(outputs, labels, **meaning)
    assert [file.name for file in path.parent.iterdir()] == ["test.npz"]


def test_regression_keeps_its_scale_and_a_link_its_parameters(tmp_path):
    link = {"name": "softplus", "beta": 1.5}
    labels = [1.0, 3.0]
    path = tmp_path / "a.npz"
    save_outputs(path, np.ones((2, 1)), labels, task="regression", link=link, target_scale=77.0)
    loaded = load_outputs(path)
    assert (loaded.outputs.dtype, loaded.link, loaded.target_scale) == (np.float32, link, 77.0)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.npz").write_text("no zip")
    np.savez(tmp_path / "b.npz", outputs=np.zeros(3))
    np.savez(tmp_path / "c.npz", outputs=np.array([{}]), labels=np.zeros(1), meaning=np.array("{}"))
    for name in "abc":
        with pytest.raises(InputError, match=f"{name}.npz is not a file of saved outputs"):
            load_outputs(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        load_outputs(tmp_path / "missing.npz")
