"""What is taken from a run's folder is that run's, and what is called finished is there."""

import json
import shutil

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from mlflow import MlflowClient

from lossexp.base.errors import InputError
from lossexp.config import Job
from lossexp.experiment import reporting
from lossexp.experiment.inference import evaluate
from lossexp.experiment.run import run
from lossexp.experiment.run_folder import RESULTS, read_record
from lossexp.metrics import load_outputs
from lossexp.tracking.metrics_file import read_metrics
from tests.jobs import CONF, asked, job

TRAINED = ("model=mlp", "loss=focal")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A finished run with tracking: its scores and folder."""
    return job(tmp_path_factory.mktemp("original"), *TRAINED, tracked=True)


@pytest.fixture
def finished(original, tmp_path):
    """A copy of it, untracked: the folder travels with what it says of itself."""
    scores, run_dir = original
    shutil.copytree(run_dir, tmp_path / "runs" / run_dir.name)
    return scores, tmp_path / "runs" / run_dir.name, tmp_path


def same_results(run_dir, other):
    np.testing.assert_array_equal(
        load_outputs(run_dir / "test_outputs.npz").outputs, load_outputs(other / "test_outputs.npz").outputs
    )
    mine, theirs = ((run_dir / "scores.json").read_text(), (other / "scores.json").read_text())
    return mine == theirs and epochs(run_dir) == epochs(other)


def epochs(run_dir):
    return [
        (record["step"], {k: v for k, v in record["metrics"].items() if not k.startswith("time/")})
        for record in read_metrics(run_dir / "metrics.jsonl")
    ]


def job_in(run_dir, *overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", overrides=["tracking=none", "dataset.limit=200", "trainer.epochs=2", *overrides])
    return run(Job(config, run_dir)), Job(config).key


def test_a_figure_that_cannot_be_drawn_costs_the_figure_alone(tmp_path, monkeypatch, caplog):
    def broken(*_):
        raise ValueError("an axis of no height")

    monkeypatch.setattr(reporting.figures, "figures_of", broken)
    scores, run_dir = job(tmp_path, *TRAINED, tracked=True)
    assert "ValueError: an axis of no height" in caplog.text
    assert read_record(run_dir).stage == "closed"
    assert evaluate(asked(run_dir, run_dir.name)) == pytest.approx(scores.test, rel=1e-4)


def test_two_runs_in_one_folder_are_two_right_results_or_a_refusal(tmp_path):
    ce, key = job_in(tmp_path / "same", "model=mlp", "loss=ce")
    with pytest.raises(InputError, match=rf"belongs to the run {key}.*hydra\.sweep\.subdir"):
        job_in(tmp_path / "same", "model=mlp", "loss=focal")
    assert job_in(tmp_path / "same", "model=mlp", "loss=ce")[0] == ce


def test_a_folder_copied_to_another_runs_name_is_refused(finished):
    _, run_dir, folder = finished
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = ["dataset.limit=200", "trainer.epochs=2", "trainer.progress=false", "model=mlp", "loss=gce"]
        other = Job(compose("config", overrides=["tracking=none", *overrides])).key
    shutil.copytree(run_dir, folder / "runs" / other)
    with pytest.raises(InputError, match=f"belongs to the run {run_dir.name}, and this run is {other}"):
        job(folder, "model=mlp", "loss=gce")
    with pytest.raises(InputError, match="no finished run of this key"):
        evaluate(asked(folder / "runs" / other, other))


def test_a_checkpoint_of_another_run_is_refused_though_its_shapes_fit(finished, tmp_path):
    _, run_dir, _ = finished
    _, other = job(tmp_path / "other", "model=mlp", "loss=focal", "seed=1")
    shutil.rmtree(other / "checkpoints")
    shutil.copytree(run_dir / "checkpoints", other / "checkpoints")
    (other / "model.keras").unlink()
    with pytest.raises(InputError, match=f"is of the run {run_dir.name}, and this run is {other.name}.*rerun=true"):
        job(tmp_path / "other", "model=mlp", "loss=focal", "seed=1")


@pytest.mark.parametrize("name", RESULTS)
def test_results_take_the_place_of_a_link_and_not_of_what_it_leads_to(name, finished):
    scores, run_dir, folder = finished
    (folder / "elsewhere").write_text("a file of the user's")
    (run_dir / name).unlink()
    (run_dir / name).symlink_to(folder / "elsewhere")
    assert job(folder, *TRAINED)[0] == scores
    assert (folder / "elsewhere").read_text() == "a file of the user's"


@pytest.mark.parametrize(
    ("gone", "how"),
    [
        ("model.keras", "missing"),
        ("model.keras", "cut"),
        ("test_outputs.npz", "missing"),
        ("scores.json", "cut"),
        ("metrics.jsonl", "cut"),
        ("config.yaml", "missing"),
    ],
)
def test_a_finished_run_that_lost_a_result_is_made_whole_again(gone, how, finished, original, caplog):
    scores, run_dir, folder = finished
    content = (run_dir / gone).read_bytes()
    (run_dir / gone).unlink()
    if how == "cut":
        (run_dir / gone).write_bytes(content[: len(content) // 2])
    again, _ = job(folder, *TRAINED)
    assert again == scores
    assert f"{gone} is {'missing' if how == 'missing' else 'damaged'}" in caplog.text
    assert same_results(run_dir, original[1])
    caplog.clear()
    assert job(folder, *TRAINED)[0] == scores
    assert "missing" not in caplog.text
    assert "damaged" not in caplog.text


def test_evaluate_names_a_result_that_is_gone(finished):
    _, run_dir, _ = finished
    (run_dir / "model.keras").write_bytes(b"")
    with pytest.raises(InputError, match=r"model\.keras is damaged in .* does again"):
        evaluate(asked(run_dir, run_dir.name))


def test_a_finished_run_of_an_earlier_version_stays_finished(finished):
    scores, run_dir, folder = finished
    (run_dir / "run.json").unlink()
    shutil.rmtree(run_dir / "checkpoints")
    before = (run_dir / "model.keras").stat().st_mtime_ns
    assert job(folder, *TRAINED)[0] == scores
    assert (run_dir / "model.keras").stat().st_mtime_ns == before


def test_a_run_whose_model_is_gone_is_repaired_in_its_mlflow_run(tmp_path):
    scores, run_dir = job(tmp_path, *TRAINED, tracked=True)
    (run_dir / "model.keras").unlink()
    assert job(tmp_path, *TRAINED, tracked=True)[0] == scores
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("lossexp").experiment_id
    [run] = client.search_runs([experiment])
    assert run.info.status == "FINISHED"
    assert run.data.tags["training"] == read_record(run_dir).training
    assert [model.status for model in client.search_logged_models([experiment])] == ["READY"]
    points = client.get_metric_history(run.info.run_id, "val/nll")
    assert [point.step for point in points] == [7, 14]


def test_results_are_on_disk_before_anything_else_is_tried(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("nothing is told today")

    with monkeypatch.context() as patched:
        patched.setattr(reporting, "log_result", fail)
        with pytest.raises(RuntimeError, match="nothing is told today"):
            job(tmp_path, *TRAINED)
    [run_dir] = (tmp_path / "runs").iterdir()
    saved = json.loads((run_dir / "scores.json").read_text())
    assert load_outputs(run_dir / "test_outputs.npz").score() == pytest.approx(saved["test"])
    assert (run_dir / "model.keras").stat().st_size
    scores, _ = job(tmp_path, *TRAINED)  # and a run that was not closed is not called finished
    assert scores.test == saved["test"]
    assert (run_dir / "figures" / "confusion.png").exists()
