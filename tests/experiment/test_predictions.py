"""Tables of predictions, for each task; and two tasks from training to the files of `mode=predict`."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from lossexp.experiment.inference import evaluate, predict
from lossexp.experiment.predictions import table
from lossexp.metrics import Outputs, load_outputs, score
from tests.jobs import asked, job

NAMES = ("bad", "fair", "good")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("task", ["multiclass", "ordinal"])
def test_classes_have_names_and_probabilities(task, rng):
    outputs, labels = rng.normal(size=(5, 3)), np.array([0, 1, 2, 0, 1])
    found = table(Outputs(outputs, labels, task, "softmax", NAMES), labelled=True)
    assert list(found) == ["label", "predicted", "p/bad", "p/fair", "p/good"]
    assert found.label.tolist() == [NAMES[k] for k in labels]
    assert found.predicted.tolist() == [NAMES[k] for k in outputs.argmax(axis=1)]
    np.testing.assert_allclose(found.filter(like="p/"), special.softmax(outputs, axis=1))


def test_labels_have_a_column_each(rng):
    outputs, labels = rng.normal(size=(5, 3)), rng.integers(0, 2, (5, 3))
    asked_of = Outputs(outputs, labels, "multilabel", "labels", NAMES)
    found = table(asked_of, labelled=True)
    np.testing.assert_array_equal(found.filter(like="label/"), labels)
    np.testing.assert_array_equal(found.filter(like="predicted/"), outputs > 0)
    np.testing.assert_allclose(found.filter(like="p/"), special.expit(outputs))
    assert list(table(asked_of, labelled=False)) == [
        f"{column}/{name}" for column in ("predicted", "p") for name in NAMES
    ]


@pytest.mark.parametrize(
    ("width", "names", "columns"),
    [
        (1, (), ["label", "predicted"]),
        (2, (), ["label/0", "label/1", "predicted/0", "predicted/1"]),
        (2, ("a", "b"), ["label/a", "label/b", "predicted/a", "predicted/b"]),
    ],
)
def test_values_carry_the_names_of_outputs_where_there_are_several(width, names, columns, rng):
    values, true = rng.normal(size=(4, width)), rng.normal(size=(4, width))
    found = table(Outputs(values, true[:, 0] if width == 1 else true, "regression", None, names), labelled=True)
    assert list(found) == columns
    np.testing.assert_array_equal(found, np.concatenate([true, values], axis=1))


def test_pixels_have_scores_and_fractions_of_each_example(rng):
    outputs, labels = rng.normal(size=(4, 6, 5, 3)), rng.choice([0, 1, 2, 255], (4, 6, 5))
    asked_of = Outputs(outputs, labels, "segmentation", "softmax", NAMES, 255)
    found = table(asked_of, labelled=True)
    alone = [score(outputs[i : i + 1], labels[i : i + 1], **meaning(asked_of)) for i in range(4)]
    np.testing.assert_allclose(found.accuracy, [scores["accuracy"] for scores in alone])
    np.testing.assert_allclose(found.mean_iou, [scores["mean_iou"] for scores in alone])
    fractions = table(asked_of, labelled=False)
    assert list(fractions) == [f"predicted/{name}" for name in NAMES]
    np.testing.assert_allclose(fractions.sum(axis=1), 1)
    assert fractions["predicted/good"][0] == pytest.approx((outputs[0].argmax(axis=-1) == 2).mean())


def meaning(outputs):
    return {"task": outputs.task, "link": outputs.link, "class_names": NAMES, "ignore_class": outputs.ignore_class}


@pytest.mark.parametrize("task", ["multilabel", "segmentation"])
def test_a_run_is_scored_drawn_and_predicted_for_again(task, tmp_path):
    loss = "dice" if task == "segmentation" else "asl"
    result, run_dir = job(tmp_path, "dataset=digits_mosaic", f"dataset.task={task}", f"loss={loss}", tracked=True)
    saved = load_outputs(run_dir / "test_outputs.npz")
    assert saved.score() == pytest.approx(result.test)
    assert result.monitor == {"multilabel": "val/map", "segmentation": "val/mean_iou"}[task]
    drawn = {"multilabel": {"labels.png"}, "segmentation": {"segmentation.png", "overlap.png", "confusion.png"}}[task]
    assert drawn < {file.name for file in (run_dir / "figures").iterdir()}

    assert evaluate(asked(run_dir, run_dir.name)) == pytest.approx(result.test, rel=1e-3, abs=1e-6)
    written = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict")))
    assert len(written) == len(saved.labels)
    pictures = np.random.default_rng(0).integers(0, 256, (3, *picture_shape(saved, task)), np.uint8)
    np.savez(tmp_path / "new.npz", x=pictures)
    written = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict", tmp_path / "new.npz")))
    assert (len(written), [name for name in written if "label" in name or "iou" in name]) == (3, [])
    if task == "segmentation":
        masks = np.load(run_dir / "predictions.npz")["predicted"]
        assert (masks.dtype, masks.shape) == (np.uint8, pictures.shape[:3])
        assert written["predicted/0"][1] == pytest.approx((masks[1] == 0).mean())


def picture_shape(saved, task):
    return (*saved.labels.shape[1:], 1) if task == "segmentation" else (16, 16, 1)
