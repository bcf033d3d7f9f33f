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


@pytest.mark.parametrize("shape", [(5, 1), (5, 3)])
def test_values_are_kept_as_they_are(tmp_path, shape):
    true = np.random.default_rng(0).normal(1998, 11, shape)
    values = (true + 1).astype(np.float32)
    names = tuple("abc"[: shape[1]])
    loaded = load_outputs(save_outputs(tmp_path / "a.npz", values, true, task="regression", class_names=names))
    np.testing.assert_array_equal(loaded.labels, true)
    np.testing.assert_array_equal(loaded.predicted(), values.reshape(loaded.predicted().shape))
    assert loaded.score() == score(values, true, task="regression", class_names=names)
    assert loaded.score()["rmse"] == pytest.approx(1, abs=1e-3)


def test_labels_and_pixels_are_kept(tmp_path):
    rng = np.random.default_rng(0)
    cases = {
        "multilabel": (rng.normal(size=(6, 4)), rng.integers(0, 2, (6, 4)), "labels", None),
        "segmentation": (rng.normal(size=(6, 5, 4, 3)), rng.choice([0, 1, 2, 255], (6, 5, 4)), "softmax", 255),
    }
    for task, (outputs, labels, link, ignored) in cases.items():
        meaning = {"task": task, "link": link, "ignore_class": ignored}
        loaded = load_outputs(save_outputs(tmp_path / task, outputs, labels, **meaning))
        assert (loaded.ignore_class, loaded.predicted().shape) == (ignored, labels.shape)
        assert loaded.score() == pytest.approx(score(outputs, labels, **meaning), rel=1e-5)


def test_large_outputs_are_kept_with_fewer_digits_and_none_becomes_infinite(tmp_path, monkeypatch):
    monkeypatch.setattr("lossexp.metrics.outputs.MOST_BYTES", 4 * 11)
    large = np.array([[1e6, -1e6, 0.1], [np.inf, np.nan, 2.0]] * 2)
    for outputs, dtype in ((large, np.float16), (large[:2], np.float32)):
        kept = load_outputs(save_outputs(tmp_path / "a.npz", outputs, [0] * len(outputs), task="binary")).outputs
        assert kept.dtype == dtype
        np.testing.assert_array_equal(np.isfinite(kept), np.isfinite(outputs))
        np.testing.assert_allclose(kept[1], outputs[1], rtol=1e-3)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.npz").write_text("no zip")
    np.savez(tmp_path / "b.npz", outputs=np.zeros(3))
    np.savez(tmp_path / "c.npz", outputs=np.array([{}]), labels=np.zeros(1), meaning=np.array("{}"))
    for name in "abc":
        with pytest.raises(InputError, match=f"{name}.npz is not a file of saved outputs"):
            load_outputs(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        load_outputs(tmp_path / "missing.npz")
