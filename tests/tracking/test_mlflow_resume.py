"""Runs that were interrupted, by whatever, continue under their id and lose nothing."""

from pathlib import Path

import pytest

from lossexp.tracking.metrics_file import read_metrics
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.tracker import NoTracker
from tests.tracking.words import TAGS, history, open_run, sent, stored


@pytest.mark.parametrize("status", ["KILLED", "FAILED", "RUNNING", "FINISHED"])
def test_an_interrupted_run_continues_under_its_id(tracker, root, status):
    open_run(tracker, root)
    tracker.params({"seed": 1})
    for step in (10, 20):
        tracker.metrics({"train/loss": 1 / step}, step)
    if status != "RUNNING":
        tracker.close(status)
    tracker.flush()
    again = open_run(MLflowTracker(root=root), root)
    assert stored(again).info.status == "RUNNING"
    again.params({"seed": 1})
    for step in (20, 30):  # step 20 is repeated, as after a checkpoint at step 10
        again.metrics({"train/loss": 1 / step}, step)
    again.close("FINISHED")
    assert again.run_id == tracker.run_id
    assert history(again, "train/loss") == [(10, 1 / 10), (20, 1 / 20), (30, 1 / 30)]
    assert stored(again).info.status == "FINISHED"


def test_a_parameter_that_changed_does_not_stop_a_continued_run(tracker, root, caplog):
    open_run(tracker, root).params({"workers": 1})
    tracker.close("KILLED")
    again = open_run(MLflowTracker(root=root), root)
    again.params({"workers": 2, "new": 3})
    again.close("FINISHED")
    assert stored(again).data.params == {"workers": "1", "new": "3"}
    assert caplog.records == []


def test_a_finished_run_is_found(tracker, root):
    assert tracker.find("abc") is None
    with open_run(tracker, root):
        tracker.metrics({"test/accuracy": 0.9}, 10)
    found = MLflowTracker(root=root).find("abc")
    assert (found.run_id, found.run_name) == (tracker.run_id, "digits-focal")
    assert found.metrics == {"test/accuracy": 0.9}
    assert found.tags["loss"] == "focal"


def test_another_training_of_the_same_run_in_the_same_folder_is_another_mlflow_run(tracker, root):
    open_run(tracker, root).metrics({"a": 1.0}, 1)
    tracker.close("KILLED")
    again = open_run(MLflowTracker(root=root), root, tags={**TAGS, "training": "2"})
    again.close("FINISHED")
    assert again.run_id != tracker.run_id
    assert stored(again).data.metrics == {}


def test_a_training_continues_in_its_mlflow_run_after_its_folder_was_moved(tracker, root):
    open_run(tracker, root).close("KILLED")
    (root / "run").rename(root / "moved")
    moved = open_run(MLflowTracker(root=root), root, run_dir=root / "moved")
    moved.close("FINISHED")
    assert moved.run_id == tracker.run_id


def test_what_a_killed_process_left_running_in_the_folder_is_ended_when_another_training_begins(tracker, root):
    here = {**TAGS, "run_dir": "/a folder", "host.name": "this"}
    elsewhere = open_run(MLflowTracker(root=root), root, tags={**here, "training": "9", "host.name": "other"})
    open_run(tracker, root, tags=here)  # and killed
    open_run(MLflowTracker(root=root), root, tags={**here, "training": "2"}).close("FINISHED")
    assert stored(tracker).info.status == "KILLED"
    assert stored(elsewhere).info.status == "RUNNING"
    elsewhere.close("FINISHED")


def test_a_training_without_a_name_is_never_continued(tracker, root):
    open_run(tracker, root, tags={"run_key": "abc"}).close("KILLED")
    again = open_run(MLflowTracker(root=root), root, tags={"run_key": "abc"})
    again.close("FINISHED")
    assert again.run_id != tracker.run_id


def test_epochs_of_an_earlier_attempt_are_sent_once_and_are_all_that_the_file_holds(root):
    with open_run(NoTracker(), root) as disk:
        disk.metrics({"val/nll": 0.5}, 10)
        disk.metrics({"val/nll": 9.0}, 20)
    with open(disk.metrics_path, "a") as file:
        file.write('{"step": 5, "time": 0, "metrics": [1]}\nnot a record\n')
    for _ in range(2):
        with open_run(MLflowTracker(root=root), root) as tracker:
            tracker.replay([({"val/nll": 0.5}, 10)])
            tracker.metrics({"val/nll": 0.25}, 20)
        assert history(tracker, "val/nll") == [(10, 0.5), (20, 0.25)]
        assert [(r["step"], r["metrics"]["val/nll"]) for r in read_metrics(disk.metrics_path)] == [
            (10, 0.5),
            (20, 0.25),
        ]


def test_a_store_that_breaks_is_a_warning_and_what_it_missed_comes_later(tracker, root, caplog):
    open_run(tracker, root)
    tracker.metrics({"a": 1.0}, 1)
    hidden = Path(f"{root}/mlflow.db").rename(root / "hidden.db")
    (root / "mlflow.db").mkdir()
    tracker.connection.client._tracking_client.store.engine.dispose()
    for step in (2, 3):
        tracker.metrics({"a": float(step)}, step)
        tracker.flush()
    tracker.close("FINISHED")
    assert not sent(tracker)
    assert any("MLflow at sqlite" in r.getMessage() for r in caplog.records)
    (root / "mlflow.db").rmdir()
    hidden.rename(root / "mlflow.db")
    again = open_run(MLflowTracker(root=root), root)
    again.replay([({"a": float(step)}, step) for step in (1, 2, 3)])
    again.close("FINISHED")
    assert sent(again)
    assert again.run_id == tracker.run_id
    assert history(again, "a") == [(1, 1.0), (2, 2.0), (3, 3.0)]
