"""`python -m lossexp.tracking sync`: what runs could not send arrives, once."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from filelock import FileLock
from matplotlib.figure import Figure
from mlflow import MlflowClient

from lossexp.base.files import LOCK
from lossexp.datasets.dataset import Dataset, Split
from lossexp.tracking.command import main
from lossexp.tracking.journal import Journal
from lossexp.tracking.metrics_file import read_metrics
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.sync import send_kept_back
from tests.tracking.words import TAGS, open_run

X = np.arange(12, dtype=np.float32).reshape(6, 2)
DATASET = Dataset("toy", "binary", *[Split(X[i:], np.arange(6)[i:] % 2) for i in range(3)], ("a", "b"))


@pytest.fixture
def store(root):
    return f"sqlite:///{root}/mlflow.db"


@pytest.fixture
def unreachable(tmp_path):
    """A tracker whose server is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
        yield lambda **settings: MLflowTracker(uri=uri, root=tmp_path, on_unreachable="warn", **settings)


def train(tracker, run_dir, training="1", model=False, tags=TAGS):
    """Tells a tracker of a run as an experiment does."""
    with open_run(tracker, run_dir.parent, run_dir=run_dir, tags={**tags, "training": training}):
        tracker.replay([])
        tracker.params({"seed": 1})
        tracker.dataset(DATASET)
        for step in range(10, 60, 10):
            tracker.metrics({"val/nll": 1 / step, "train/loss": float("nan")}, step)
        tracker.figure(Figure(), "a.png")
        if model:
            layers = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
            layers.save(run_dir / "model.keras")
            tracker.model(run_dir / "model.keras", inputs=X, outputs=np.asarray(layers(X)), step=50)
    return run_dir


def sync(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["sync", *map(str, arguments)])
    return ended.value.code


def stored(store):
    """The runs of a store, and the `(step, value)` of the points that each has."""
    client = MlflowClient(store)
    found = client.search_runs([e.experiment_id for e in client.search_experiments()])
    points = lambda run: [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, "val/nll")]  # noqa: E731
    return [(run, points(run)) for run in found]


def test_a_run_that_no_store_heard_of_arrives_whole_and_once(unreachable, store, tmp_path, capsys):
    run_dir = train(unreachable(), tmp_path / "runs" / "one", model=True)
    assert sync(tmp_path / "runs", "--uri", store) == 0
    assert f"{run_dir}: sent 5 points, 1 artifacts" in capsys.readouterr().out
    before = stored(store)
    assert sync(tmp_path / "runs", "--uri", store) == 0
    assert f"{run_dir}: up to date" in capsys.readouterr().out
    [(run, points)] = stored(store)
    assert (
        before[0][1]
        == points
        == [(r["step"], r["metrics"]["val/nll"]) for r in read_metrics(run_dir / "metrics.jsonl")]
    )
    assert run.info.status == "FINISHED"
    assert (run.data.params, run.info.run_name) == ({"seed": "1"}, "digits-focal")
    assert run.data.tags["non_finite.train/loss"] == "nan at step 10"
    assert len(run.inputs.dataset_inputs) == 3
    assert [output.step for output in run.outputs.model_outputs] == [50]
    artifacts = Path(run.info.artifact_uri.removeprefix("file://"))
    assert (artifacts / "model" / "data" / "model.keras").read_bytes() == (run_dir / "model.keras").read_bytes()
    assert {"model/MLmodel", "figures/a.png"} <= {str(p.relative_to(artifacts)) for p in artifacts.rglob("*")}


def test_what_a_server_missed_is_sent_from_a_folder_that_was_moved(unreachable, store, tmp_path):
    train(unreachable(), tmp_path / "runs" / "one").rename(tmp_path / "moved")
    assert sync(tmp_path / "moved", "--uri", store) == 0
    [(_, points)] = stored(store)
    assert len(points) == 5


def test_times_are_those_of_the_training(unreachable, store, tmp_path):
    run_dir = train(unreachable(), tmp_path / "one")
    sync(run_dir, "--uri", store)
    [(run, _)] = stored(store)
    *_, [kind, _, at] = [line for line in Journal(run_dir).lines() if line[0] != "sent"]
    assert kind == "status"
    assert run.info.start_time == int(Journal(run_dir).opening.time * 1000)
    assert run.info.end_time == int(at * 1000)


def test_points_that_arrived_unnoticed_are_not_doubled(unreachable, store, tmp_path):
    """The server took them, but its answer came too late: perhaps only after the run was synced."""
    run_dir = train(unreachable(), tmp_path / "one")
    sync(run_dir, "--uri", store)
    [(_, points)] = stored(store)
    late = MLflowTracker(uri=store).send(Journal(run_dir))
    late.stored.points.clear()
    late.recorded()
    assert late.fault is None
    assert stored(store)[0][1] == points


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_status_is_what_the_run_ended_with(error, unreachable, store, tmp_path):
    with pytest.raises(error), open_run(unreachable(), tmp_path):
        raise error
    sync(tmp_path / "run", "--uri", store)
    [(run, _)] = stored(store)
    assert run.info.status == ("FAILED" if error is ValueError else "KILLED")


def test_a_run_whose_process_was_killed_ends_as_killed_and_can_be_continued(root, store):
    killed = open_run(MLflowTracker(root=root), root)
    killed.metrics({"val/nll": 1.0}, 1)
    assert stored(store)[0][0].info.status == "RUNNING"
    assert sync(root / "run") == 0
    assert stored(store)[0][0].info.status == "KILLED"
    with open_run(MLflowTracker(root=root), root) as again:
        again.replay([({"val/nll": 1.0}, 1)])
        again.metrics({"val/nll": 0.5}, 2)
    [(run, points)] = stored(store)
    assert (run.info.run_id, run.info.status, points) == (killed.run_id, "FINISHED", [(1, 1.0), (2, 0.5)])


def test_a_run_at_work_is_left_alone(root, store, capsys):
    open_run(MLflowTracker(root=root), root)
    with FileLock(root / "run" / LOCK):
        assert sync(root) == 0
    assert "at work" in capsys.readouterr().out
    assert stored(store)[0][0].info.status == "RUNNING"


def test_a_server_that_is_still_down_is_asked_once_and_fails_each_run(unreachable, tmp_path, capsys):
    for name in "abc":
        train(unreachable(), tmp_path / "runs" / name, training=name)
    assert sync(tmp_path / "runs") == 1
    assert capsys.readouterr().out.count("failed: no MLflow server answers") == 3


def test_one_run_that_cannot_be_sent_does_not_stop_the_others(unreachable, store, tmp_path, capsys):
    for name in "abc":
        train(unreachable(), tmp_path / "runs" / name, training=name)
    Journal(tmp_path / "runs" / "a").path.write_text("{}\n")
    (tmp_path / "runs" / "b" / "figures" / "a.png").unlink()
    assert sync(tmp_path / "runs", "--uri", store) == 1
    a, b, c = capsys.readouterr().out.splitlines()
    assert "failed: its tracking.jsonl cannot be read" in a
    assert "figures/a.png is gone" in b
    assert c.endswith("sent 5 points, 1 artifacts")


def test_a_password_is_not_kept_and_asked_for(tmp_path, monkeypatch, store, capsys):
    uri = "http://me:secret@127.0.0.1:9"
    run_dir = train(MLflowTracker(uri=uri, root=tmp_path, on_unreachable="warn"), tmp_path / "one")
    assert "secret" not in "".join(file.read_text() for file in tmp_path.rglob("*.jsonl"))
    assert sync(run_dir) == 1
    assert "MLFLOW_TRACKING_URI" in capsys.readouterr().out
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    assert sync(run_dir) == 0


@pytest.mark.parametrize("arguments", [["--help"], ["sync", "--help"]])
def test_help_says_all_there_is_to_say(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    said = capsys.readouterr().out
    for words in ("--uri", "sync runs/3f2a9c0d1b22", "at work is left alone"):
        assert words in said


def test_a_folder_without_tracked_runs_is_refused(tmp_path, capsys):
    assert sync(tmp_path) == 1
    assert "tracking=mlflow" in capsys.readouterr().err


def test_a_journal_of_a_stranger_sends_no_file_from_outside(unreachable, store, tmp_path, capsys):
    run_dir = train(unreachable(), tmp_path / "runs" / "one")
    (tmp_path / "secret").write_text("x")
    with Journal(run_dir).path.open("a") as file:
        file.write('["artifact", "../../secret", null]\n')
    assert sync(run_dir, "--uri", store) == 1
    assert "outside of the run's folder" in capsys.readouterr().out
    client = MlflowClient(store)
    assert "secret" not in {file.path for file in client.list_artifacts(stored(store)[0][0].info.run_id)}


def test_where_artifacts_are_kept_is_not_taken_from_a_folder_that_names_another_store(unreachable, store, tmp_path):
    run_dir = train(unreachable(artifact_location=str(tmp_path / "elsewhere")), tmp_path / "runs" / "one")
    sync(run_dir, "--uri", store)
    assert not (tmp_path / "elsewhere").exists()
    assert "elsewhere" not in stored(store)[0][0].info.artifact_uri


def test_only_what_was_kept_back_is_sent_at_the_end_of_a_sweep(unreachable, store, tmp_path):
    sent, kept = tmp_path / "sent", tmp_path / "kept"
    train(MLflowTracker(uri=store, root=tmp_path), sent, training="1")
    train(unreachable(), kept, training="2")
    assert [each.folder for each in send_kept_back([sent, kept, tmp_path / "none"], store)] == [kept]
    assert {run.info.status for run, _ in stored(store)} == {"FINISHED"}
    assert list(send_kept_back([sent, kept], store)) == []


def test_without_a_store_nothing_is_sent_at_the_end_of_a_sweep(unreachable, tmp_path):
    assert list(send_kept_back([train(unreachable(), tmp_path / "kept")], None)) == []


@pytest.fixture
def sweep_nobody_heard_of(unreachable, tmp_path):
    """The folder of runs of a sweep that began without its server: it is there, and its jobs know of no parent."""
    runs = tmp_path / "runs"
    jobs = [{"run_key": key} for key in ("first", "second", "not begun", None)]
    for key in ("first", "second", "of no sweep"):
        train(unreachable(), runs / key, training=key, tags={"run_key": key})
    folder = train(unreachable(), runs / "sweeps" / "ab", training="ab", tags={"kind": "sweep"})
    (folder / "sweep.json").write_text(json.dumps({"run_id": None, "jobs": jobs}))
    return runs


def test_a_sweep_that_no_store_heard_of_arrives_before_its_jobs_which_are_then_below_it(
    sweep_nobody_heard_of, store, capsys
):
    assert sync(sweep_nobody_heard_of, "--uri", store) == 0
    tags = {run.data.tags["training"]: (run.info.run_id, run.data.tags) for run, _ in stored(store)}
    parent, _ = tags["ab"]
    for key in ("first", "second"):
        assert tags[key][1]["mlflow.parentRunId"] == parent
        assert tags[key][1][f"sweep.{parent}"] == "true"
    assert not any("sweep." in name or "parent" in name for name in tags["of no sweep"][1])
    capsys.readouterr()
    assert sync(sweep_nobody_heard_of, "--uri", store) == 0
    assert capsys.readouterr().out.count("up to date") == 4


def test_a_job_that_has_a_parent_stays_below_it(sweep_nobody_heard_of, store):
    Journal(sweep_nobody_heard_of / "first").add("tags", {"mlflow.parentRunId": "another"})
    assert sync(sweep_nobody_heard_of, "--uri", store) == 0
    [first] = [run.data.tags for run, _ in stored(store) if run.data.tags["training"] == "first"]
    assert first["mlflow.parentRunId"] == "another"
    assert any(name.startswith("sweep.") for name in first)


def test_sending_does_without_tensorflow(unreachable, store, tmp_path):
    run_dir = train(unreachable(), tmp_path / "one", model=True)
    code = "import sys; from lossexp.tracking.sync import sync; from pathlib import Path\n"
    code += "print(*sync([Path(sys.argv[1])], sys.argv[2])); print({'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code, str(run_dir), store], capture_output=True, text=True)
    assert "outcome='sent'" in done.stdout, done.stderr
    assert done.stdout.strip().endswith("set()")
