"""Sweeps killed with SIGKILL and given again: every run once, none left running, the scores of a quiet sweep."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from tests.sweeps.test_sweep import scores, stored

MLP = ("model=mlp", "trainer.epochs=25", "trainer.jit_compile=false", "trainer.checkpoint_seconds=0")
TWELVE = ("-m", "loss=ce,focal,gce", "seed=0,1,2,3", *MLP)


def start(*command, folder):
    output = (folder / "printed.txt").open("ab")
    arguments = [sys.executable, "-m", "lossexp", *command]
    return subprocess.Popen(arguments, cwd=folder, stdout=output, stderr=output, start_new_session=True)


def finish(*command, folder):
    process = start(*command, folder=folder)
    assert process.wait(600) == 0, (folder / "printed.txt").read_text()[-3000:]


def kill_after(finished, *command, folder):
    """Kills the sweep, and all that it started, in the middle of a job, with so many finished before."""
    process = start_to_the_middle(*command, folder=folder, finished=finished)
    for pid in (process.pid, *children(process.pid)):
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, signal.SIGKILL)
    process.wait()


def start_to_the_middle(*command, folder, finished=0):
    """A sweep that is in the middle of a job, with so many finished before."""
    process = start(*command, folder=folder)
    deadline = time.monotonic() + 300
    while len(scores(folder)) < finished or not in_the_middle(folder):
        assert process.poll() is None, (folder / "printed.txt").read_text()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def in_the_middle(folder):
    """Whether a run has measured an epoch and is not done."""
    return any(not (file.parent / "scores.json").exists() for file in folder.glob("runs/*/metrics.jsonl"))


def check_all_is_there_once(folder, jobs):
    [parent], runs = stored(folder)
    assert {run.info.status for run in (parent, *runs)} == {"FINISHED"}
    assert len(runs) == jobs == len({run.data.tags["run_key"] for run in runs})
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """The scores of a sweep that nothing interrupts, in one process."""
    folder = tmp_path_factory.mktemp("quiet")
    finish(*TWELVE, "tracking=none", folder=folder)
    return scores(folder)


@pytest.mark.slow
def test_a_sweep_killed_in_job_seven_ends_like_one_that_was_not(tmp_path, quiet):
    kill_after(6, *TWELVE, folder=tmp_path)
    assert len(scores(tmp_path)) == 6
    finish(*TWELVE, folder=tmp_path)
    check_all_is_there_once(tmp_path, 12)
    assert scores(tmp_path) == quiet


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(5))
def test_three_fresh_processes_on_a_fresh_store_survive_a_kill(attempt, tmp_path, quiet):
    kill_after(attempt + 2, *TWELVE, "sweep.n_jobs=3", folder=tmp_path)
    finish(*TWELVE, "sweep.n_jobs=3", folder=tmp_path)
    check_all_is_there_once(tmp_path, 12)
    assert scores(tmp_path) == quiet


@pytest.mark.slow
def test_a_killed_launcher_leaves_jobs_that_the_next_one_waits_for(tmp_path, quiet):
    process = start_to_the_middle(*TWELVE, "sweep.n_jobs=3", folder=tmp_path)
    process.kill()  # its jobs go on
    process.wait()
    finish(*TWELVE, "sweep.n_jobs=3", folder=tmp_path)
    check_all_is_there_once(tmp_path, 12)
    assert scores(tmp_path) == quiet


@pytest.mark.slow
def test_ctrl_c_stops_fresh_processes_with_a_checkpoint_each(tmp_path, quiet):
    process = start_to_the_middle(*TWELVE, "sweep.n_jobs=2", folder=tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert process.wait(120) == 130
    [parent], runs = stored(tmp_path)
    assert {run.info.status for run in (parent, *runs)} <= {"KILLED", "FINISHED"}
    assert parent.info.status == "KILLED"
    finish(*TWELVE, "sweep.n_jobs=2", folder=tmp_path)
    check_all_is_there_once(tmp_path, 12)
    assert scores(tmp_path) == quiet


def test_fresh_processes_give_the_scores_of_one_process_and_survive_a_killed_one(tmp_path):
    command = ("-m", "loss=ce,focal", *MLP)
    (here := tmp_path / "here").mkdir()
    (there := tmp_path / "there").mkdir()
    finish(*command, "tracking=none", folder=here)
    process = start(*command, "sweep.n_jobs=2", folder=there)
    while not (workers := children(process.pid)) or not in_the_middle(there):
        time.sleep(0.02)
    os.kill(workers[0], signal.SIGKILL)
    assert process.wait(300) == 1
    printed = (there / "printed.txt").read_text()
    assert "was ended by SIGKILL" in printed
    finish(*command, "sweep.n_jobs=2", folder=there)
    check_all_is_there_once(there, 2)
    assert scores(there) == scores(here)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]
