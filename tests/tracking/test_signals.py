"""SIGTERM ends a run KILLED, in a real process and in every thread and nesting."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from lossexp.process.signals import stops_raise, stops_wait
from lossexp.tracking.mlflow import MLflowTracker

TRAINING = """
import sys, time
from pathlib import Path
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.process.signals import stops_raise
root = Path(sys.argv[1])
with stops_raise(), MLflowTracker(root=root) as tracker:
    tracker.open(run_name="a", run_dir=root / "run", tags={"run_key": "a"})
    tracker.metrics({"loss": 1.0}, 1)
    tracker.metrics({"loss": 2.0}, 2)
    print(tracker.run_id, flush=True)
    time.sleep(60)
"""


def terminate(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


def status_and_metrics(root, run_id):
    tracker = MLflowTracker(root=root)
    tracker.find("a")
    run = tracker.connection.client.get_run(run_id)
    return run.info.status, run.data.metrics


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminated_process_leaves_a_killed_run_with_its_metrics(number, root):
    process = subprocess.Popen([sys.executable, "-c", TRAINING, str(root)], stdout=subprocess.PIPE, text=True)
    run_id = process.stdout.readline().strip()
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert status_and_metrics(root, run_id) == ("KILLED", {"loss": 2.0})


def interrupted_run(tracker, root):
    with stops_raise(), tracker:
        tracker.open(run_name="a", run_dir=root / "run", tags={"run_key": "a"})
        tracker.metrics({"loss": 1.0}, 1)
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_leaves_a_killed_run(root):
    tracker = MLflowTracker(root=root)
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(tracker, root)
    assert status_and_metrics(root, tracker.run_id) == ("KILLED", {"loss": 1.0})


def test_stops_raise_and_the_previous_handler_returns():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as end, stops_raise():
        terminate()
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def terminated_twice(cleaned):
    with stops_raise():
        try:
            terminate()
        finally:
            terminate()
            cleaned.append(True)


def test_a_second_sigterm_does_not_cut_the_clean_up_short():
    cleaned = []
    with pytest.raises(SystemExit):
        terminated_twice(cleaned)
    assert cleaned


def test_the_previous_handler_is_called_first():
    calls = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: calls.append(number))
    try:
        with pytest.raises(SystemExit), stops_raise():
            terminate()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert calls == [signal.SIGTERM]


def test_an_ignored_sigterm_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stops_raise():
            terminate()
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def short_run(tracker, root):
    with stops_raise(), tracker:
        tracker.open(run_name="a", run_dir=root / "run", tags={"run_key": "a"})
        tracker.metrics({"loss": 1.0}, 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_a_run_is_closed_waits_until_it_is(number, root, monkeypatch):
    end = MLflowTracker.close

    def close(tracker, status):
        terminate(number)
        end(tracker, status)

    monkeypatch.setattr(MLflowTracker, "close", close)
    tracker = MLflowTracker(root=root)
    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else SystemExit):
        short_run(tracker, root)
    assert status_and_metrics(root, tracker.run_id) == ("FINISHED", {"loss": 1.0})


def interrupted_twice(done):
    with stops_wait():
        terminate(signal.SIGINT)
        done.append("first")
        terminate(signal.SIGINT)
        done.append("second")


def test_a_second_ctrl_c_does_not_wait():
    done = []
    with pytest.raises(KeyboardInterrupt):
        interrupted_twice(done)
    assert done == ["first"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_are_left_alone():
    errors = []

    def work():
        try:
            with stops_raise():
                pass
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []
