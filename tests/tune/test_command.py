"""`python -m lossexp.tune` as a user types it."""

import sys

import pytest
from mlflow import MlflowClient

from lossexp.tune.command import main
from tests.command import answer, lossexp

QUICK = ("model=mlp", "dataset.limit=200", "trainer.epochs=1", "trainer.jit_compile=false")


@pytest.fixture
def tune(monkeypatch, tmp_path):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["lossexp.tune", *arguments])
        return answer(main, tmp_path)

    return command


def test_a_search_and_its_comparison_are_two_runs_with_children_and_the_same_command_trains_nothing(tune, tmp_path):
    command = ("loss=gce", "optimizer.learning_rate=0.003,0.01", "tune.trials=2", "tune.seeds=1", *QUICK)
    first = tune(*command)
    assert first.code == 0, first.err
    assert "[2/2] finished  loss=gce optimizer.learning_rate=0.0" in first.out
    assert first.out.count("val/accuracy") == 3  # of each trial, and in the table
    assert "test accuracy" in first.out.partition("fresh seeds (1):")[2]
    assert "test accuracy" not in first.out.partition("fresh seeds (1):")[0]
    runs = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").search_runs(["1"])
    parents = {run.info.run_id: run.data.params for run in runs if run.data.tags["kind"] == "sweep"}
    jobs = [run for run in runs if run.data.tags["kind"] == "job"]
    assert (len(parents), len(jobs)) == (2, 3)
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in jobs} == set(parents)

    again = tune(*command)
    assert (again.code, again.out.count("finished already")) == (0, 2)
    [kept] = [line for line in first.out.splitlines() if line.startswith("the winners again:")]
    same = lossexp(*kept.split()[6:], "sweep.list=true", folder=tmp_path)
    assert "1 jobs: 1 finished" in same.out, same.err


def test_help_says_how_to_write_a_search(tune):
    said = tune("--help").out
    assert "tag(log,interval(1e-4,1e-1))" in said
    assert "tune.trials=20" in said


def test_settings_of_a_search_are_of_use_in_a_search_only(tmp_path):
    for flags in ((), ("-m",)):
        answer = lossexp("loss=ce", "tune.trials=3", *flags, folder=tmp_path)
        assert answer.code == 1
        assert "python -m lossexp.tune only" in answer.words


def test_a_mistake_in_a_set_is_one_paragraph(tune):
    said = tune("loss=focal", "loss.gama=interval(0,1)")
    assert said.code == 1
    assert "Did you mean gamma" in said.words
    assert "Traceback" not in said.err


def test_the_shipped_search_can_be_listed(tune):
    said = tune("experiment=tune_focal", "sweep.list=true", "tune.trials=2")
    assert "4 jobs: 4 to do" in said.out, said.err


@pytest.mark.parametrize("flags", [("--cfg", "job"), ("-c", "all"), ("--cfg=job",), ("--info",)])
def test_the_config_of_one_job_is_asked_of_lossexp(tune, flags):
    said = tune("loss=ce,focal", *flags)
    assert said.code == 1
    assert f"{flags[0].partition('=')[0]} shows the config of one job" in said.words
    assert "-m " not in said.words.replace("python -m", "")
