import json

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
    assert (loaded.labels.dtype, loaded.class_names) == (np.int32, ("a", "b", "ü"))
    assert loaded.score() == score(outputs, labels, **meaning)
    assert [file.name for file in path.parent.iterdir()] == ["test.npz"]


def test_a_link_keeps_its_parameters(tmp_path):
    link = {"name": "tempered", "t2": 1.5}
    save_outputs(tmp_path / "a.npz", np.ones((2, 3)), [0, 1], task="multiclass", link=link)
    assert load_outputs(tmp_path / "a.npz").link == link


def test_predicted_values_keep_all_their_digits(tmp_path):
    values, labels = np.array([[1.7e9 + 0.25], [1.7e9]]), [1.7e9, 1.7e9 + 1]
    save_outputs(tmp_path / "a.npz", values, labels, task="regression")
    loaded = load_outputs(tmp_path / "a.npz")
    np.testing.assert_array_equal(loaded.predicted(), values[:, 0])
    assert loaded.score()["mae"] == pytest.approx(0.625)


def test_values_that_an_earlier_version_saved_in_the_unit_of_training_come_in_the_original_one(tmp_path):
    meaning = {"task": "regression", "link": "exp", "class_names": [], "target_scale": 77.0}
    np.savez(tmp_path / "a.npz", outputs=np.zeros((2, 1)), labels=[1.0, 2.0], meaning=np.array(json.dumps(meaning)))
    loaded = load_outputs(tmp_path / "a.npz")
    assert (loaded.predicted().tolist(), loaded.labels.tolist()) == ([77.0, 77.0], [77.0, 154.0])


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.npz").write_text("no zip")
    np.savez(tmp_path / "b.npz", outputs=np.zeros(3))
    np.savez(tmp_path / "c.npz", outputs=np.array([{}]), labels=np.zeros(1), meaning=np.array("{}"))
    for name in "abc":
        with pytest.raises(InputError, match=f"{name}.npz is not a file of saved outputs"):
            load_outputs(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        load_outputs(tmp_path / "missing.npz")
