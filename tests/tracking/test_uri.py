import shlex
import shutil
from pathlib import Path

import pytest

from lossexp.base.errors import InputError
from lossexp.tracking.uri import (
    resolve_artifacts,
    resolve_uri,
    sqlite_path,
    ui_command,
    without_password,
)

ROOT = Path("/launch")


@pytest.fixture(autouse=True)
def _no_setting(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.mark.parametrize(
    ("uri", "resolved"),
    [
        (None, "sqlite:////launch/mlflow.db"),
        ("sqlite:///runs/a.db", "sqlite:////launch/runs/a.db"),
        ("sqlite:////abs/a.db", "sqlite:////abs/a.db"),
        ("sqlite:///a.db?timeout=5", "sqlite:////launch/a.db?timeout=5"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("postgresql://u:p@host/db", "postgresql://u:p@host/db"),
        ("databricks", "databricks"),
    ],
)
def test_uris_are_absolute(uri, resolved):
    assert resolve_uri(uri, ROOT) == resolved


def test_the_variable_counts_where_nothing_is_set(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert resolve_uri(None, ROOT) == "http://host:5000"
    assert resolve_uri("sqlite:////a.db", ROOT) == "sqlite:////a.db"


@pytest.mark.parametrize("uri", ["file:///tmp/mlruns", "mlruns", "./mlruns", "/tmp/mlruns", "file:mlruns"])
def test_folders_are_refused_with_what_would_work(uri):
    with pytest.raises(
        InputError, match=r"tracking\.uri=sqlite:////\w+/(tmp/)?mlruns/mlflow\.db|sqlite:////tmp/mlruns"
    ):
        resolve_uri(uri, ROOT)


def test_the_error_names_the_variable_that_was_wrong(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///old/mlruns")
    with pytest.raises(InputError, match=r"\$MLFLOW_TRACKING_URI=file:///old/mlruns"):
        resolve_uri(None, ROOT)


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:", "sqlite:///x?mode=memory&uri=true"])
def test_databases_in_memory_are_refused(uri):
    with pytest.raises(InputError, match="in memory"):
        resolve_uri(uri, ROOT)


def test_sqlite_path():
    assert sqlite_path("sqlite:////a b/c.db?timeout=5") == Path("/a b/c.db")
    assert sqlite_path("http://host") is None


@pytest.mark.parametrize(
    ("location", "uri", "resolved"),
    [
        (None, "sqlite:////x.db", "file:///launch/mlruns/my_exp"),
        ("art #1", "sqlite:////x.db", "file:///launch/art%20%231"),
        ("s3://bucket/x", "sqlite:////x.db", "s3://bucket/x"),
        (None, "http://host:5000", None),
        (None, "postgresql://host/db", "file:///launch/mlruns/my_exp"),
    ],
)
def test_artifact_locations(location, uri, resolved):
    assert resolve_artifacts(location, uri, ROOT, "my/exp") == resolved


def test_the_ui_command_can_be_pasted():
    command = ui_command("sqlite:////a b/c.db")
    assert command.endswith("mlflow ui --backend-store-uri 'sqlite:////a b/c.db' --port 5000")
    assert shutil.which(shlex.split(command)[0])  # there, whether or not this environment is active


def test_passwords_are_not_printed():
    assert without_password("postgresql://me:se:cret@host/db") == "postgresql://me:***@host/db"
    assert without_password("http://127.0.0.1:5000/#/x@y") == "http://127.0.0.1:5000/#/x@y"
