"""The tracker against a real `mlflow server`: alive, dying, absent, silent."""

import logging
import os
import signal
import socket
import time

import pytest
import requests
from matplotlib.figure import Figure

from lossexp.base.errors import InputError
from lossexp.tracking import deadline, outage
from lossexp.tracking.metrics_file import read_metrics
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_store import connect
from lossexp.tracking.sync import send_kept_back
from tests.tracking.words import sent

SECONDS = 15  # what a dead server may cost in all; MLflow's own defaults wait for minutes


def open_run(uri, run_dir, key, **settings):
    tracker = MLflowTracker(uri=uri, root=run_dir, **settings)
    tracker.open(run_name=key, run_dir=run_dir, tags={"run_key": key, "training": key})
    return tracker


@pytest.fixture
def nobody():
    """The URI of a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_run_through_a_server(server, tmp_path):
    with open_run(server.uri, tmp_path, "alive") as tracker:
        tracker.params({"seed": 1})
        tracker.metrics({"val/accuracy": 0.5}, 10)
        tracker.figure(Figure(), "a.png")
    found = MLflowTracker(uri=server.uri).find("alive")
    assert (found.run_id, found.metrics) == (tracker.run_id, {"val/accuracy": 0.5})
    assert tracker.where() == f"{server.uri}/#/experiments/{tracker.connection.experiment_id}/runs/{tracker.run_id}"
    files = {"path": "figures/a.png", "run_uuid": tracker.run_id}
    assert requests.get(f"{server.uri}/get-artifact", params=files).ok
    assert not (tmp_path / "mlruns").exists()


def test_a_server_that_was_never_there_has_no_pages(nobody, tmp_path):
    tracker = open_run(nobody, tmp_path, "alone", on_unreachable="warn")
    assert tracker.where() == tracker.page({"kind": "job"}, "test/accuracy", False) == ""


def test_a_server_that_dies_costs_seconds_and_no_metrics(server, tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.WARNING, logger="lossexp")
    short = open_run(server.uri, tmp_path / "short", "short")
    long = open_run(server.uri, tmp_path / "long", "long")
    live = open_run(server.uri, tmp_path / "live", "live")
    short.metrics({"val/nll": 1.0}, 1)
    server.stop()

    began = time.monotonic()
    for step in range(2, 50):
        short.metrics({"val/nll": 1.0 / step}, step)
        short.flush()
    short.figure(Figure(), "a.png")
    short.close("FINISHED")
    assert time.monotonic() - began < SECONDS
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("lossexp")]
    assert len(ours) == 2  # one at the first fault, one at the end
    assert "Training goes on" in ours[0]
    assert "is incomplete" in ours[1]
    assert len(read_metrics(short.metrics_path)) == 49

    long.params({"seed": 1})
    long.metrics({"val/nll": 1.0}, 1)
    long.figure(Figure(), "a.png")
    live.metrics({"val/nll": 1.0}, 1)
    server.start()
    store = connect(server.uri)

    with monkeypatch.context() as later:
        later.setattr(outage, "PAUSE_SECONDS", 0)
        live.metrics({"val/nll": 0.5}, 2)  # brings along what is missing
    assert [point.step for point in store.get_metric_history(live.run_id, "val/nll")] == [1, 2]
    assert store.get_run(live.run_id).info.status == "RUNNING"
    live.close("FINISHED")

    long.close("FINISHED")  # the last try finds the server again
    run = store.get_run(long.run_id)
    assert (run.info.status, run.data.params) == ("FINISHED", {"seed": "1"})
    assert run.data.metrics == {"val/nll": 1.0}
    assert [f.path for f in store.list_artifacts(long.run_id, "figures")] == ["figures/a.png"]

    assert MLflowTracker(uri=server.uri).find("short") is None
    with open_run(server.uri, tmp_path / "short", "short") as again:  # the same command again
        again.replay([(record["metrics"], record["step"]) for record in read_metrics(short.metrics_path)])
        assert again.run_id == short.run_id
    history = store.get_metric_history(again.run_id, "val/nll")
    assert [point.step for point in history] == list(range(1, 50))


def test_a_server_that_hangs_costs_seconds_and_no_metrics(server, tmp_path, monkeypatch):
    monkeypatch.setattr(deadline, "CALL_SECONDS", 2.0)
    tracker = open_run(server.uri, tmp_path, "hangs")
    tracker.metrics({"val/nll": 1.0}, 1)
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for step in range(2, 50):
            tracker.metrics({"val/nll": 1.0 / step}, step)
            tracker.flush()
        tracker.close("FINISHED")
        assert time.monotonic() - began < SECONDS
    finally:
        os.killpg(server.process.pid, signal.SIGCONT)
    assert not sent(tracker)
    monkeypatch.undo()
    with open_run(server.uri, tmp_path, "hangs") as again:
        again.replay([(record["metrics"], record["step"]) for record in read_metrics(tracker.metrics_path)])
    assert sent(again)
    points = connect(server.uri).get_metric_history(again.run_id, "val/nll")
    assert [point.step for point in points] == list(range(1, 50))


def test_of_a_sweep_only_the_first_job_waits_for_a_server_that_hangs(server, tmp_path, caplog):
    caplog.set_level(logging.WARNING, logger="lossexp")
    jobs = [MLflowTracker(uri=server.uri, root=tmp_path, parent="1") for _ in range(10)]
    os.killpg(server.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for number, job in enumerate(jobs):
            assert job.has("none", tmp_path / str(number))
            tags = {"run_key": str(number), "training": f"hangs-{number}"}
            with job:
                job.open(run_name="job", run_dir=tmp_path / str(number), tags=tags)
                job.metrics({"val/nll": 1.0}, 1)
                job.figure(Figure(), "a.png")
        assert time.monotonic() - began < SECONDS
        assert [each.outcome for each in send_kept_back(tmp_path.glob("*/"), server.uri)] == ["failed"] * 10
    finally:
        os.killpg(server.process.pid, signal.SIGCONT)
    assert [r.getMessage() for r in caplog.records if "Training goes on" in r.getMessage()] == [caplog.messages[0]]
    assert [each.outcome for each in send_kept_back(tmp_path.glob("*/"), server.uri)] == ["sent"] * 10
    store = connect(server.uri)
    jobs = store.search_runs([e.experiment_id for e in store.search_experiments()], "tags.`sweep.1` = 'true'")
    assert {(run.info.status, run.data.metrics["val/nll"], run.data.tags["mlflow.parentRunId"]) for run in jobs} == {
        ("FINISHED", 1.0, "1")
    }


def test_no_server_is_an_error_within_seconds_that_says_what_would_work(nobody, tmp_path):
    began = time.monotonic()
    with pytest.raises(InputError) as error:
        open_run(nobody, tmp_path, "x")
    assert time.monotonic() - began < SECONDS
    for way in ("mlflow server", "tracking=none", "tracking.on_unreachable=warn", nobody):
        assert way in str(error.value)


def test_without_a_server_training_can_go_on(nobody, tmp_path, caplog):
    with open_run(nobody, tmp_path, "x", on_unreachable="warn") as tracker:
        tracker.params({"seed": 1})
        tracker.metrics({"val/nll": 1.0}, 1)
        tracker.figure(Figure(), "a.png")
    assert len(caplog.records) == 1
    assert (tracker.run_id, tracker.where(), tracker.find("x")) == (None, "", None)
    assert len(read_metrics(tmp_path / "metrics.jsonl")) == 1


def test_a_server_that_never_answers_is_an_error_within_seconds(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(InputError, match="no MLflow server answers"):
            open_run(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path, "x")
        assert time.monotonic() - began < SECONDS
