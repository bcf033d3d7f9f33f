"""TensorFlow's first import is quiet, unless it fails."""

import gc
import os

import pytest

from lossexp.process.importing import first_import


def test_messages_are_held_back(capfd, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    with first_import("not.imported.yet"):
        os.write(2, b"oneDNN custom operations are on")
        assert not gc.isenabled()
    os.write(2, b"after")
    assert gc.isenabled()
    assert capfd.readouterr().err == "after"


@first_import("not.imported.yet")
def fail():
    os.write(2, b"undefined symbol")
    raise ImportError


def test_messages_are_shown_where_the_import_fails_or_the_user_asks(capfd, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    with pytest.raises(ImportError):
        fail()
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    with first_import("not.imported.yet"):
        os.write(2, b" and all the rest")
    assert capfd.readouterr().err == "undefined symbol and all the rest"


def test_what_jobs_leave_is_still_collected():
    frozen = gc.get_freeze_count()
    with first_import("gc"):
        assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
