"""A finished run again, by its key or MLflow id."""

import shutil

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from lossexp.base.errors import InputError
from lossexp.experiment.inference import evaluate, predict
from lossexp.experiment.new_rows import read_rows
from lossexp.metrics import load_outputs
from lossexp.models.mlp import mlp
from tests.jobs import asked, job


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    scores, run_dir = job(folder, "loss=focal", tracked=True)
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    [found] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    return scores, run_dir, found.info.run_id


def test_evaluate_by_key_gives_the_runs_scores(finished):
    scores, run_dir, _ = finished
    assert evaluate(asked(run_dir, run_dir.name)) == pytest.approx(scores.test, rel=1e-4)


def test_evaluate_by_mlflow_id_finds_the_same_run(finished):
    scores, run_dir, run_id = finished
    assert evaluate(asked(run_dir, run_id))["accuracy"] == scores.test["accuracy"]


@pytest.mark.parametrize("by", ["key", "id"])
def test_a_run_is_found_from_another_folder_where_mlflow_says_it_is(by, finished, tmp_path):
    scores, run_dir, run_id = finished
    elsewhere = asked(run_dir, run_dir.name if by == "key" else run_id)
    elsewhere.config.output = str(tmp_path)
    assert evaluate(elsewhere)["accuracy"] == scores.test["accuracy"]


def test_data_at_a_relative_path_is_found_from_another_folder(tmp_path, monkeypatch):
    x, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 2
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.chdir(tmp_path)
    scores, run_dir = job(tmp_path, "dataset=npz", "dataset.path=d.npz", "model=mlp", "dataset.task=multiclass")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert evaluate(asked(run_dir, run_dir.name))["accuracy"] == scores.test["accuracy"]


def test_predict_writes_a_row_an_example(finished):
    scores, run_dir, _ = finished
    written = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict")))
    assert len(written) == 360
    assert (written.label == written.predicted).mean() == pytest.approx(scores.test["accuracy"])
    assert written.filter(like="p/").sum(axis=1).to_numpy() == pytest.approx(np.ones(360))


def test_predict_takes_inputs_of_the_users_own(finished, tmp_path):
    _, run_dir, _ = finished
    np.savez(tmp_path / "new.npz", x=np.zeros((3, 8, 8, 1)))
    written = pd.read_csv(predict(asked(run_dir, run_dir.name, "predict", tmp_path / "new.npz")))
    assert len(written) == 3
    assert "label" not in written


def test_evaluate_scores_the_part_of_the_test_split_that_the_run_did(tmp_path):
    scores, run_dir = job(tmp_path, "debug=fast", "trainer.batch_size=20")
    assert len(load_outputs(run_dir / "test_outputs.npz").outputs) == 20
    assert evaluate(asked(run_dir, run_dir.name)) == pytest.approx(scores.test, rel=1e-4)


@pytest.mark.parametrize("model", ["subclassed", "mlp"])
def test_inputs_of_another_shape_name_both_shapes(model, finished, tmp_path):
    _, run_dir, _ = finished
    if model != "subclassed":
        _, run_dir = job(tmp_path, f"model={model}", "debug=fast")
    for shape in ((3, 4, 4, 1), (3, 8, 8), (8,)):
        np.savez(tmp_path / "new.npz", x=np.zeros(shape))
        with pytest.raises(InputError) as raised:
            predict(asked(run_dir, run_dir.name, "predict", tmp_path / "new.npz"))
        assert f"x has the shape {shape}" in str(raised.value)
        assert "takes (n, 8, 8, 1)" in str(raised.value)


@pytest.mark.parametrize(("run", "said"), [(None, "run="), ("nowhere", "no finished run")])
def test_a_run_that_is_not_there_is_a_clear_error(finished, run, said):
    _, run_dir, _ = finished
    with pytest.raises(InputError, match=said):
        evaluate(asked(run_dir, run))


@pytest.mark.parametrize("name", ["config.yaml", "test_outputs.npz", "model.keras"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_a_missing_or_damaged_file_of_a_run_is_named(name, damage, finished, tmp_path):
    _, run_dir, _ = finished
    copy = tmp_path / run_dir.name
    shutil.copytree(run_dir, copy)
    content = (copy / name).read_bytes()
    if damage == "gone":
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(content[: len(content) // 2] if damage == "cut" else b"[other: \0\xff")
    elsewhere = asked(run_dir, run_dir.name)
    elsewhere.config.output = str(tmp_path)
    if (name, damage) == ("config.yaml", "cut"):
        (copy / name).write_text("dataset: {}\n")
    with pytest.raises(InputError, match=rf"{name}.*(missing|damaged|not a file of saved outputs)"):
        evaluate(elsewhere)


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.zeros((0, 8, 8, 1)), "at least one example"),
        (np.full((3, 8, 8, 1), np.nan), "NaN or infinite"),
        (np.ones((3, 8, 8, 1)) * 1j, "complex"),
        (np.array(["a", "b"]), "dtype <U1"),
    ],
)
def test_inputs_that_no_model_takes_are_refused(x, said, finished, tmp_path):
    _, run_dir, _ = finished
    np.savez(tmp_path / "new.npz", x=x)
    with pytest.raises(InputError, match=f"inputs=.*{said}"):
        predict(asked(run_dir, run_dir.name, "predict", tmp_path / "new.npz"))


@pytest.mark.parametrize("kind", ["npy", "cut", "empty", "another key", "nothing"])
def test_inputs_that_are_no_npz_with_x_are_refused(kind, tmp_path):
    path = tmp_path / "new.npz"
    np.savez(path, **{"y" if kind == "another key" else "x": np.zeros((3, 8))})
    if kind == "npy":
        with open(path, "wb") as file:
            np.save(file, np.zeros((3, 8)))
    elif kind in ("cut", "empty"):
        path.write_bytes(path.read_bytes()[: 100 if kind == "cut" else 0])
    elif kind == "nothing":
        path.unlink()
    with pytest.raises(InputError, match=r"inputs=.*numpy\.savez\(path, x=\.\.\.\)"):
        read_rows(str(path), mlp((8,), 2), {})
