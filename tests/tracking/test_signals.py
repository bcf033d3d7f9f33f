"""SIGTERM ends a run KILLED, in a real process and in every thread and nesting."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.signals import sigterm_raises

TRAINING = """
import sys, time
from pathlib import Path
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.signals import sigterm_raises
root = Path(sys.argv[1])
with sigterm_raises(), MLflowTracker(root=root) as tracker:
    tracker.open(run_name="a", run_dir=root / "run", tags={"run_key": "a"})
    tracker.metrics({"loss": 1.0}, 1)
    tracker.metrics({"loss": 2.0}, 2)
    print(tracker.run_id, flush=True)
    time.sleep(60)
"""


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)], ids=["SIGTERM", "Ctrl-C"]
)
def test_a_killed_process_leaves_a_killed_run_with_its_metrics(root, number, code):
    process = subprocess.Popen([sys.executable, "-c", TRAINING, str(root)], stdout=subprocess.PIPE, text=True)
    run_id = process.stdout.readline().strip()
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == code
    tracker = MLflowTracker(root=root)
    tracker.find("a")
    run = tracker._client.get_run(run_id)
    assert (run.info.status, run.data.metrics) == ("KILLED", {"loss": 2.0})


def test_sigterm_raises_and_the_previous_handler_returns():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as end, sigterm_raises():
        terminate()
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_sigterm_does_not_cut_the_clean_up_short():
    cleaned = []

    def clean_up():
        terminate()
        cleaned.append(True)

    with pytest.raises(SystemExit), sigterm_raises(), ExitStack() as stack:
        stack.callback(clean_up)
        terminate()
    assert cleaned


def test_the_previous_handler_is_called_first():
    calls = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: calls.append(number))
    try:
        with pytest.raises(SystemExit), sigterm_raises():
            terminate()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert calls == [signal.SIGTERM]


def test_an_ignored_sigterm_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with sigterm_raises():
            terminate()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_other_threads_are_left_alone():
    errors = []

    def work():
        try:
            with sigterm_raises():
                pass
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []
