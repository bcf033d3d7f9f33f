"""Opening stores: races, deleted experiments, files that are no store."""

import multiprocessing
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from lossexp.base.errors import InputError
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_sqlite import is_half_made
from lossexp.tracking.mlflow_store import connect


def race(root, number, barrier, ids):
    barrier.wait()
    with MLflowTracker(root=root) as tracker:
        tracker.open(run_name=str(number), run_dir=root / str(number), tags={"run_key": str(number)})
        for step in range(20):
            tracker.metrics({"loss": 1.0 / (step + 1)}, step)
    ids.put(tracker.connection.experiment_id)


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


HALF_MADE = [
    "CREATE TABLE experiments (experiment_id INTEGER); CREATE TABLE runs (run_uuid TEXT)",
    "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('451aebb31d03')",
    "CREATE TABLE experiments (x TEXT); CREATE TABLE metrics (x TEXT); CREATE TABLE _alembic_tmp_metrics (x TEXT)",
]


def execute(database, statements):
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(statements)


@pytest.mark.parametrize("statements", HALF_MADE)
def test_a_half_made_store_is_recognised(statements, tmp_path):
    execute(tmp_path / "mlflow.db", statements)
    assert is_half_made(tmp_path / "mlflow.db")


@pytest.mark.parametrize(
    "statements", [HALF_MADE[0], *(pytest.param(s, marks=pytest.mark.slow) for s in HALF_MADE[1:])]
)
def test_a_store_that_was_left_half_made_is_kept_and_made_anew(statements, tmp_path, caplog):
    execute(tmp_path / "mlflow.db", statements)
    (tmp_path / "mlflow.db-shm").write_bytes(b"")
    content = (tmp_path / "mlflow.db").read_bytes()
    assert MLflowTracker(root=tmp_path).find("x") is None
    [kept] = tmp_path.glob("mlflow.db.half-made-*[0-9]")
    assert kept.read_bytes() == content
    assert kept.name in caplog.text
    assert list(tmp_path.glob("mlflow.db.half-made-*-shm"))


@pytest.mark.parametrize(
    "statements",
    [
        "CREATE TABLE experiments (name TEXT); INSERT INTO experiments VALUES ('mine')",
        "CREATE TABLE experiments (name TEXT); CREATE TABLE notes (n TEXT); INSERT INTO notes VALUES ('mine')",
        "CREATE TABLE notes (n TEXT)",
    ],
)
def test_a_database_with_anything_in_it_or_of_somebody_else_is_not_half_made(statements, tmp_path):
    execute(tmp_path / "a.db", statements)
    assert not is_half_made(tmp_path / "a.db")


def test_a_whole_store_without_runs_is_not_half_made(migrated):
    assert not is_half_made(migrated)


@pytest.mark.parametrize("left", ["an empty file", "an unfinished store"])
def test_a_store_is_made_where_a_killed_process_left_something(left, tmp_path):
    if left == "an empty file":
        (tmp_path / "mlflow.db").touch()
    else:
        execute(tmp_path / ".unfinished-99999999.db", HALF_MADE[0])
        (tmp_path / ".unfinished-99999999.db-journal").touch()
    assert MLflowTracker(root=tmp_path).find("x") is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


def test_a_place_where_no_file_can_be_made_is_told_at_once(tmp_path):
    began = time.monotonic()
    with pytest.raises(InputError, match=r"no file can be made in /proc \(.+\)"):
        MLflowTracker(uri="sqlite:////proc/x.db", root=tmp_path).find("x")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="no file can be made"):
        MLflowTracker(uri="sqlite:///file/x.db", root=tmp_path).find("x")
    assert time.monotonic() - began < 5


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("not a database at all, " * 100)
    with pytest.raises(InputError, match=r"notes\.db cannot be opened"):
        MLflowTracker(uri="sqlite:///notes.db", root=tmp_path).find("x")


def test_a_deleted_experiment_is_refused_with_the_way_back(root):
    tracker = MLflowTracker(root=root)
    tracker.find("x")
    tracker.connection.client.delete_experiment(tracker.connection.experiment_id)
    with pytest.raises(InputError, match=f"restore --experiment-id {tracker.connection.experiment_id}"):
        MLflowTracker(root=root).find("x")


def test_the_tracker_is_made_without_importing_mlflow_or_tensorflow():
    code = (
        "import sys; from lossexp.tracking.mlflow import MLflowTracker; MLflowTracker(); "
        "print([m for m in ('mlflow', 'tensorflow', 'keras', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
