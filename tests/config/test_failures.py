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
"""
OWN = ("loss.tasks=[multiclass]", "loss.labels=onehot", "loss.on=probabilities", "trusted_packages=[own_words]")


@pytest.fixture
def own_loss(tmp_path, monkeypatch):
    (tmp_path / "own_words.py").write_text(LOSS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_failed_job_says_why_in_its_folder_until_it_is_tried_again(tmp_path):
    command = ("loss=bce", *QUICK)
    refused(*command, folder=tmp_path)
    [said] = tmp_path.glob("runs/*/failed.txt")
    assert "loss=bce is for binary" in said.read_text()
    (said.parent / "failed.txt").write_text("another time")
    refused(*command, folder=tmp_path)
    assert "loss=bce is for binary" in said.read_text()


def test_a_sweep_that_cannot_be_composed_names_the_job(tmp_path):
    said = refused("-m", "loss=focal,ce", "loss.gamma=1,2", *QUICK, folder=tmp_path)
    assert "loss=ce loss.gamma=1" in said
    assert "no setting 'loss.gamma'" in said


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
