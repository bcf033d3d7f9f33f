"""Sweeps as a user types them: what is trained, what is told, and what the store holds."""

import json
import shlex

import pytest
from mlflow import MlflowClient

from tests.command import lossexp
from tests.config.test_command_line import refused

MLP = ("model=mlp", "trainer.epochs=2", "trainer.jit_compile=false")
UNLIKE = ("-m", 'sets=["loss=ce","loss=focal loss.gamma=1,2"]', *MLP)
QUIET = ("tracking=none", *MLP)


def stored(folder):
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    found = client.search_runs([e.experiment_id for e in client.search_experiments()], max_results=1000)
    return [run for run in found if run.data.tags["kind"] == "sweep"], [
        run for run in found if run.data.tags["kind"] == "job"
    ]


def scores(folder):
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("runs/*/scores.json")}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a finished sweep of three losses and two seeds, and what it printed."""
    folder = tmp_path_factory.mktemp("swept")
    return folder, lossexp(*UNLIKE, "seeds=2", "baseline=loss=ce", folder=folder)


def test_unlike_losses_in_one_sweep_have_one_line_a_job_and_one_table(swept):
    _, answer = swept
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines if "finished" in line] == [f"[{i}/6]" for i in range(1, 7)]
    assert answer.out.count("test accuracy") == 1
    assert all(f"│ {job}" in answer.out for job in ("loss=ce", "loss=focal loss.gamma=1", "loss=focal loss.gamma=2"))
    assert lines.index(next(line for line in lines if "test accuracy" in line)) > 6


def test_the_jobs_of_a_sweep_are_children_of_one_finished_run(swept):
    folder, _ = swept
    [parent], jobs = stored(folder)
    assert len(jobs) == 6
    assert {run.info.status for run in (parent, *jobs)} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in jobs} == {parent.info.run_id}
    assert parent.data.params["baseline"] == "loss=ce"
    assert parent.data.params["seeds"] == "2"
    assert "loss=focal loss.gamma=2" in parent.data.tags["mlflow.note.content"]
    assert parent.info.run_name == "loss, gamma x seed (6)"


def test_the_note_of_a_job_has_the_command_that_is_this_run_alone(swept):
    folder, _ = swept
    run = next(run for run in stored(folder)[1] if run.info.run_name.startswith("focal gamma=2 s1 "))
    what, scores, command = run.data.tags["mlflow.note.content"].splitlines()
    assert what.strip() == "**focal** gamma=2.0 · mlp · digits · seed 1"
    assert f"accuracy {run.data.metrics['test/accuracy']:.4f}" in scores
    assert scores.strip().endswith(" of 2")
    answer = lossexp(*shlex.split(command.strip("`"))[3:], folder=folder)
    assert f"finished run {run.data.tags['run_key']}" in answer.out


def test_the_same_command_trains_nothing_and_continues_the_same_parent(swept):
    folder, _ = swept
    before = [run.info.run_id for runs in stored(folder) for run in runs]
    answer = lossexp(*UNLIKE, "seeds=2", "baseline=loss=ce", folder=folder)
    assert "6 of 6 jobs are finished already" in answer.out
    assert [run.info.run_id for runs in stored(folder) for run in runs] == before


def test_a_second_sweep_links_runs_that_are_finished_and_trains_the_others(swept):
    folder, _ = swept
    [first], jobs = stored(folder)
    answer = lossexp("-m", "loss=ce", "seed=0,1,2", *MLP, folder=folder)
    assert "2 of 3 jobs are finished already" in answer.out
    parents, now = stored(folder)
    [second] = [run for run in parents if run.info.run_id != first.info.run_id]
    assert len(now) == len(jobs) + 1
    members = [run for run in now if f"sweep.{second.info.run_id}" in run.data.tags]
    assert sorted(run.data.tags["seed"] for run in members) == ["0", "1", "2"]
    assert {run.data.tags["mlflow.parentRunId"] for run in members if run.data.tags["seed"] != "2"} == {
        first.info.run_id
    }


def test_nothing_about_a_sweep_is_in_the_keys_of_its_jobs(swept, tmp_path):
    folder, _ = swept
    assert lossexp("loss=focal", "loss.gamma=2", "seed=1", *QUIET, folder=tmp_path).code == 0
    [(key, alone)] = scores(tmp_path).items()
    assert scores(folder)[key] == alone  # to the last bit


def test_a_list_of_the_jobs_and_their_states_trains_nothing(swept):
    folder, _ = swept
    before = scores(folder)
    answer = lossexp(*UNLIKE, "seeds=4", "sweep.list=true", folder=folder)
    assert answer.code == 0
    assert "12 jobs: " in answer.out
    assert answer.out.count("finished  ") == len(before)
    assert scores(folder) == before


def test_failed_jobs_are_told_when_they_fail_and_at_the_end_and_the_others_go_on(tmp_path):
    command = ("-m", "loss=bce,ce", "seed=0,-1", "dataset.limit=300", *MLP)
    answer = lossexp(*command, folder=tmp_path)
    assert answer.code == 1
    assert "Traceback" not in answer.err
    first, summary = answer.err.split("1 finished, 3 failed of 4 jobs.")
    assert first.count("seed=-1: give a whole number") == 2  # known before any job starts
    assert "job 0, loss=bce seed=0: loss=bce is for binary" in summary
    assert "failed    loss=bce seed=0" in answer.out
    [failures] = tmp_path.glob("runs/sweeps/*/failures.txt")
    assert failures.read_text().count("\n") == 3
    [parent], jobs = stored(tmp_path)
    assert parent.info.status == "FAILED"
    assert [run.info.status for run in jobs] == ["FINISHED"]
    assert "seed=-1" in parent.data.tags["mlflow.note.content"]
    listed = lossexp(*command, "sweep.list=true", folder=tmp_path)
    assert "1 finished, 3 failed" in listed.out


def test_a_sweep_may_stop_at_the_first_failure(tmp_path):
    bad = lossexp("-m", "seed=0,-1,1", "sweep.on_error=stop", *QUIET, folder=tmp_path)
    assert bad.code == 1  # a mistake that is known before any job starts
    assert not scores(tmp_path)
    answer = lossexp("-m", "loss=bce,ce", "sweep.on_error=stop", *QUIET, folder=tmp_path)
    assert answer.code == 1
    assert "1 failed, 1 to do of 2 jobs" in answer.err
    assert not scores(tmp_path)


OWN = """
import logging
import os

import keras


def own(y_true, y_pred):
    if os.path.exists("refuse"):
        raise ValueError("not yet")
    if os.path.exists("stop"):
        raise KeyboardInterrupt
    logging.getLogger(__name__).warning("this loss is odd")
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), -1)
"""
LOSS = "loss=function loss.fn._target_=sweeps_own.own loss.tasks=[multiclass] loss.labels=onehot loss.on=probabilities"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder with a loss of the user's, and a sweep of it that starts there."""
    (tmp_path / "sweeps_own.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    command = ("-m", f'sets=["loss=ce","{LOSS}"]', "trusted_packages=[sweeps_own]", "seeds=2", "dataset.limit=300")
    return tmp_path, (*command, *MLP)


def test_a_failed_sweep_runs_only_what_failed_once_that_is_mended(own):
    folder, command = own
    (folder / "refuse").touch()
    answer = lossexp(*command, folder=folder)
    assert "2 finished, 2 failed of 4 jobs" in answer.err
    assert "not yet" in answer.err
    (folder / "refuse").unlink()
    mended = lossexp(*command, folder=folder)
    assert mended.code == 0, mended.err
    assert "2 of 4 jobs are finished already" in mended.out
    assert mended.out.count("] finished") == 2
    assert mended.out.count("this loss is odd") == 1  # a warning is told once


def test_ctrl_c_ends_a_sweep_and_the_same_command_goes_on(own):
    folder, command = own
    (folder / "stop").touch()
    answer = lossexp(*command, folder=folder)
    assert answer.code == 130
    assert len(list(folder.glob("runs/*/.hydra"))) == 3  # the fourth was not begun
    assert stored(folder)[0][0].info.status == "KILLED"
    (folder / "stop").unlink()
    assert lossexp(*command, folder=folder).code == 0
    [parent], jobs = stored(folder)
    assert {run.info.status for run in (parent, *jobs)} == {"FINISHED"}
    assert len(jobs) == 4


def test_jobs_that_two_sets_describe_run_once(tmp_path):
    answer = lossexp("-m", 'sets=["loss=ce","loss=ce,focal"]', "sweep.list=true", *QUIET, folder=tmp_path)
    assert "2 jobs: 2 to do" in answer.out


def test_a_job_whose_config_has_no_key_does_not_end_the_sweep(tmp_path):
    answer = lossexp("-m", "dataset.limit='${nope}',300", *QUIET, folder=tmp_path)
    assert answer.code == 1
    assert "1 finished, 1 failed of 2 jobs" in answer.err
    assert "'nope' not found" in answer.words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "loss=ce,focal", "baseline=loss=gce"], "baseline=loss=gce: no job of the sweep has these settings"),
        (["-m", "seed=0,1", "sweep.n_jobs=0"], "sweep.n_jobs=0: give a whole number of at least 1"),
        (["-m", "seed=0,1", "sweep.on_error=ignore"], "sweep.on_error=ignore"),
        (["-m", "seed=0,1", "sweep.njobs=2"], "njobs"),
        (["seeds=3"], "seeds=3 is of use in a sweep only. Give -m"),
        (["sweep.n_jobs=2"], "sweep.n_jobs=2 is of use in a sweep only"),
        (["experiment=focal_grid"], "is of use in a sweep only"),
        (["-m", "sets=[]"], "sets"),
    ],
)
def test_what_cannot_work_is_refused_before_any_job(arguments, said, tmp_path):
    assert said in refused(*arguments, *QUIET, folder=tmp_path)
    assert not scores(tmp_path)


ENDS = """
import os
import signal

if os.path.exists("die"):
    os.kill(os.getpid(), signal.SIGKILL)


def own(y_true, y_pred):
    return (y_true - y_pred) ** 2
"""


def test_a_sweep_with_rerun_trains_anew_and_one_whose_job_is_lost_before_it_begins_fails(tmp_path):
    (tmp_path / "ends.py").write_text(ENDS)
    own = ("loss=function", "loss.fn._target_=ends.own", "loss.tasks=[multiclass]", "loss.labels=onehot")
    command = ("-m", *own, "loss.on=probabilities", "trusted_packages=[ends]", "sweep.fresh=true", "dataset.limit=300")
    assert lossexp(*command, *QUIET, folder=tmp_path).code == 0
    [before] = [path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/scores.json")]
    again = lossexp(*command, "rerun=true", *QUIET, folder=tmp_path)
    assert again.out.count("] finished") == 1
    assert [path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/scores.json")] != [before]
    (tmp_path / "die").touch()
    lost = lossexp(*command, "rerun=true", *QUIET, folder=tmp_path)
    assert lost.code == 1
    assert "was ended by SIGKILL" in lost.err


def test_the_same_sweep_in_two_folders_has_two_parents_in_one_store(tmp_path):
    command = ("-m", "seed=0,1", "dataset.limit=300", f"tracking.uri=sqlite:///{tmp_path}/mlflow.db", *MLP)
    for name in ("alice", "bob"):
        (tmp_path / name).mkdir()
        assert lossexp(*command, folder=tmp_path / name).code == 0
    parents, _ = stored(tmp_path)
    assert len(parents) == 2


def test_what_a_list_finds_wrong_is_not_left_in_the_folders_of_runs(tmp_path):
    lossexp("-m", "loss=ce,focal", "sweep.list=true", "trainer.monitor=val/loss", *QUIET, folder=tmp_path)
    lossexp("-m", "loss=ce,focal", "sweep.list=true", "tracking.log_model=7", *MLP, folder=tmp_path)
    assert not list(tmp_path.glob("runs/*/failed.txt"))
    assert "2 to do" in lossexp("-m", "loss=ce,focal", "sweep.list=true", *MLP, folder=tmp_path).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "mode=evaluate", "run=a,b", "sweep.list=true"], "sweep.list=true has no effect with mode=evaluate"),
        (["-m", "seed=0,1", "hydra/launcher=basic", "sweep.on_error=stop"], "sweep.on_error=stop has no effect with"),
        (["-m", "seed=0,1", "hydra/launcher=basic", "sweep.n_jobs=2"], "sweep.n_jobs=2 has no effect with"),
    ],
)
def test_settings_of_sweeps_that_would_do_nothing_are_refused(arguments, said, tmp_path):
    assert said in refused(*arguments, "tracking=none", folder=tmp_path)


def test_jobs_that_are_the_same_run_are_told(tmp_path):
    answer = lossexp("-m", "trainer.device_megabytes=1,4096", "sweep.list=true", *QUIET, folder=tmp_path)
    assert "1 of 2 jobs are the same run as one before them" in answer.out
