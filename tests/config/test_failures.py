"""Jobs that fail: told when they do, named at the end, with the whole traceback in the run's log."""

import os
import time

import pytest

from lossexp.config.messages import explain
from tests.command import lossexp
from tests.config.test_command_line import QUICK, refused

LOSS = """
import keras

class Own(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return undefined_name * keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

def stopped(y_true, y_pred):
    raise KeyboardInterrupt
"""
OWN = ("loss.tasks=[multiclass]", "loss.labels=onehot", "loss.on=probabilities", "trusted_packages=[own_words]")


@pytest.fixture
def own_loss(tmp_path, monkeypatch):
    (tmp_path / "own_words.py").write_text(LOSS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_each_failed_job_of_a_sweep_is_told_when_it_fails_and_all_are_named_at_the_end(tmp_path):
    answer = lossexp("-m", "loss=bce,ce,hinge", "seed=0,-1", *QUICK, folder=tmp_path)
    assert answer.code == 1
    assert "Traceback" not in answer.err
    *told, _ = answer.err.split("5 of 6 jobs failed:")
    summary = answer.err.split("5 of 6 jobs failed:")[1]
    for job in ("job 0, loss=bce seed=0", "job 1, loss=bce seed=-1", "job 3, loss=ce seed=-1", "job 4, loss=hinge"):
        assert job in told[0]
        assert job in summary
    assert "seed=-1: give a whole number" in summary
    assert "5 of 6 jobs failed" in (tmp_path / "runs" / "failures.txt").read_text()
    assert len(list(tmp_path.glob("runs/*/scores.json"))) == 1  # the others went on


def test_a_job_whose_config_has_no_key_does_not_end_the_sweep(tmp_path):
    values = "dataset.limit='${nope}',100"
    answer = lossexp("-m", values, *QUICK, folder=tmp_path)
    assert answer.code == 1
    assert "1 of 2 jobs failed" in answer.err
    assert "'nope' not found" in answer.words


def test_a_sweep_that_cannot_be_composed_names_the_job(tmp_path):
    said = refused("-m", "loss=focal,ce", "loss.gamma=1,2", *QUICK, folder=tmp_path)
    assert "loss=ce loss.gamma=1" in said
    assert "no setting 'loss.gamma'" in said


def test_ctrl_c_ends_a_sweep_at_once(own_loss):
    choice = ("loss=function", "loss.fn._target_=own_words.stopped", *OWN)
    answer = lossexp("-m", "seed=0,1", *choice, *QUICK, folder=own_loss)
    assert answer.code == 130
    assert len(list(own_loss.glob("runs/*/.hydra"))) == 1


def test_an_error_in_the_users_own_loss_is_one_paragraph_and_a_traceback_in_the_runs_log(own_loss):
    said = refused("loss=custom", "loss.fn._target_=own_words.Own", *OWN, *QUICK, folder=own_loss)
    assert "own_words.py, line 6" in said
    assert "undefined_name" in said
    [log] = own_loss.glob("runs/*/lossexp.log")
    assert "Traceback (most recent call last)" in log.read_text()


def test_a_model_larger_than_the_memory_is_one_paragraph(tmp_path):
    said = refused(*QUICK, "model.hidden=[100000000000]", folder=tmp_path)
    assert "more memory than there is" in said
    assert "model.hidden" in said


def test_pages_of_sql_about_a_full_disk_are_one_paragraph():
    statement = "(sqlite3.OperationalError) database or disk is full\n[SQL: INSERT INTO metrics" + 25_000 * "?"
    assert "Make room" in explain(RuntimeError(statement))
    assert len(explain(RuntimeError(statement))) < 300


@pytest.mark.parametrize("flags", [["--help"], ["--hydra-help"], ["--cfg", "job"], ["--info", "defaults"]])
def test_what_runs_no_job_answers_and_succeeds(flags, tmp_path):
    start = time.perf_counter()
    answer = lossexp(*flags, folder=tmp_path)
    assert answer.code == 0
    assert time.perf_counter() - start < 5
    assert "HYDRA_FULL_ERROR" not in os.environ
