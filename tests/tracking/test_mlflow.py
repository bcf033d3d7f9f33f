"""The tracker on a real SQLite store."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Dataset, Split
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_model import digest
from tests.tracking.words import TAGS, history, names, open_run, stored


def test_a_run_has_everything_that_was_logged(tracker, root):
    (root / "code").mkdir()
    (root / "code" / "a.py").write_text("pass")
    with open_run(tracker, root):
        tracker.params({"loss": {"gamma": 2.0}, "seed": 3, "bn": True, "clip": None})
        tracker.metrics({"train/loss": 1.5, "val/accuracy": 0.25}, step=10)
        tracker.metrics({"train/loss": 0.5, "val/accuracy": 0.75}, step=20)
        tracker.artifact(root / "code", "code")
        tracker.figure(Figure(), "curves.png")
        tracker.tags({"note": "x"})
    run = stored(tracker)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "digits-focal"
    assert run.data.params == {"loss.gamma": "2.0", "seed": "3", "bn": "True"}
    assert run.data.metrics == {"train/loss": 0.5, "val/accuracy": 0.75}
    assert history(tracker, "train/loss") == [(10, 1.5), (20, 0.5)]
    assert {**TAGS, "note": "x"}.items() <= run.data.tags.items()
    assert names(tracker, "code") + names(tracker, "figures") == ["code/a.py", "figures/curves.png"]


def test_nothing_is_written_beside_the_store(tracker, root, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    with open_run(tracker, root):
        tracker.metrics({"a": 1.0}, 1)
        tracker.figure(Figure(), "a.png")
    assert list(elsewhere.iterdir()) == []
    assert (root / "mlruns" / "lossexp" / tracker.run_id / "artifacts" / "figures" / "a.png").is_file()


def test_the_folder_of_launch_is_taken_once(root, monkeypatch):
    monkeypatch.chdir(root)
    tracker = MLflowTracker(uri="sqlite:///mlflow.db", artifact_location="art #1")
    (root / "job").mkdir()
    monkeypatch.chdir(root / "job")
    with open_run(tracker, root):
        tracker.figure(Figure(), "a.png")
    assert (root / "art #1" / tracker.run_id / "artifacts" / "figures" / "a.png").is_file()
    assert tracker.where().endswith(f"mlflow ui --backend-store-uri sqlite:///{root}/mlflow.db --port 5000")


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "KILLED")]
)
def test_status(tracker, root, error, status):
    with pytest.raises(error), open_run(tracker, root):
        raise error
    assert stored(tracker).info.status == status
    assert stored(tracker).info.end_time


def test_closing_twice_keeps_the_first_status(tracker, root):
    open_run(tracker, root).close("KILLED")
    tracker.close("FINISHED")
    assert stored(tracker).info.status == "KILLED"


def test_values_that_are_not_finite_become_a_tag(tracker, root):
    with open_run(tracker, root):
        tracker.metrics({"train/loss": math.inf, "val/nll": 0.5}, 10)
        tracker.metrics({"train/loss": math.nan, "val/nll": 0.5}, 20)
    run = stored(tracker)
    assert run.data.metrics == {"val/nll": 0.5}
    assert run.data.tags["non_finite.train/loss"] == "inf at step 10"


def test_illegal_keys_and_many_params_are_taken(tracker, root):
    with open_run(tracker, root):
        tracker.params({f"p{i}": i for i in range(250)} | {"a=b": "x" * 9000})
        tracker.metrics({"recall/T-shirt\\top@1": 0.5}, 1)
        tracker.tags({"long": "x" * 9000})
    assert len(stored(tracker).data.params) == 251
    assert stored(tracker).data.metrics == {"recall/T-shirt_top_1": 0.5}


def test_thousands_of_points_arrive(tracker, root):
    with open_run(tracker, root):
        for step in range(1500):
            tracker.metrics({"a": float(step), "b": 0.0}, step)
    points = tracker.connection.client.get_metric_history(tracker.run_id, "a")
    assert [p.step for p in points] == list(range(1500))


def test_splits_are_inputs_with_a_digest_of_their_content(tracker, root):
    x = np.arange(12, dtype=np.float32).reshape(6, 2)
    y = np.array([0, 1, 0, 1, 0, 1], np.int32)
    dataset = Dataset("toy", "binary", Split(x, y), Split(x[:4], y[:4]), Split(x[4:], y[4:]), ("a", "b"))
    with open_run(tracker, root):
        tracker.dataset(dataset)
    inputs = {i.tags[0].value: i.dataset for i in stored(tracker).inputs.dataset_inputs}
    assert {context: d.digest for context, d in inputs.items()} == {
        context: digest(split) for context, split in dataset.splits.items()
    }
    assert {d.name for d in inputs.values()} == {"toy"}
    assert digest(Split(x, y)) != digest(Split(x + 1, y)) != digest(Split(x, y, np.ones(6, np.float32)))


def test_artifacts_that_cannot_be_stored_leave_metrics_alone(tracker, root, caplog):
    open_run(tracker, root)
    (root / "mlruns").mkdir(exist_ok=True)
    (root / "mlruns" / "lossexp").write_text("a file where the folder should be")
    tracker.figure(Figure(), "a.png")
    tracker.metrics({"a": 1.0}, 1)
    tracker.close("FINISHED")
    assert stored(tracker).info.status == "FINISHED"
    assert stored(tracker).data.metrics == {"a": 1.0}
    assert "artifact store" in caplog.text


@pytest.mark.parametrize("setting", [{"on_unreachable": "ignore"}, {"experiment": " "}, {"uri": "mlruns"}])
def test_settings_are_checked_at_once(root, setting):
    with pytest.raises(InputError):
        MLflowTracker(root=root, **setting)
