"""Opening stores: races, deleted experiments, files that are no store."""

import multiprocessing
import subprocess
import sys

import pytest

from lossexp.errors import InputError
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_store import connect


def race(root, number, barrier, ids):
    barrier.wait()
    with MLflowTracker(root=root) as tracker:
        tracker.open(run_name=str(number), run_dir=root / str(number), tags={"run_key": str(number)})
        for step in range(20):
            tracker.metrics({"loss": 1.0 / (step + 1)}, step)
    ids.put(tracker.experiment_id)


def test_processes_may_race_for_a_store_that_does_not_exist(tmp_path):
    root = tmp_path / "no" / "such" / "folder"
    context = multiprocessing.get_context("forkserver")  # imports MLflow once for all four
    context.set_forkserver_preload(["mlflow.store.tracking.sqlalchemy_store", __name__])
    barrier, ids = context.Barrier(4), context.Queue()
    racers = [context.Process(target=race, args=(root, number, barrier, ids)) for number in range(4)]
    for racer in racers:
        racer.start()
    experiments = {ids.get(timeout=120) for _ in racers}
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0] * 4
    assert len(experiments) == 1
    runs = connect(f"sqlite:///{root}/mlflow.db").search_runs(list(experiments))
    assert sorted(run.info.run_name for run in runs) == ["0", "1", "2", "3"]
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_folder_is_refused_as_a_store(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        MLflowTracker(uri="sqlite:///.", root=tmp_path).find("x")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("not a database at all, " * 100)
    with pytest.raises(InputError, match=r"notes\.db cannot be opened"):
        MLflowTracker(uri="sqlite:///notes.db", root=tmp_path).find("x")


def test_a_deleted_experiment_is_refused_with_the_way_back(root):
    tracker = MLflowTracker(root=root)
    tracker.find("x")
    tracker._client.delete_experiment(tracker.experiment_id)
    with pytest.raises(InputError, match=f"restore --experiment-id {tracker.experiment_id}"):
        MLflowTracker(root=root).find("x")


def test_the_tracker_is_made_without_importing_mlflow_or_tensorflow():
    code = (
        "import sys; from lossexp.tracking.mlflow import MLflowTracker; MLflowTracker(); "
        "print([m for m in ('mlflow', 'tensorflow', 'keras', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
