import subprocess
import sys

import numpy as np
import pytest

from lossexp.tracking.provenance import host, provenance, versions
from lossexp.tracking.repository import git


@pytest.fixture
def repository(tmp_path):
    def run(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
        done = subprocess.run(
            ["git", *identity, "-C", str(tmp_path), *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    run("init")
    (tmp_path / "a.py").write_text("a = 1")
    run("add", "a.py")
    run("commit", "-m", "first")
    return tmp_path, run


def test_a_clean_and_a_changed_repository(repository):
    folder, run = repository
    assert git(folder) == {
        "git.commit": run("rev-parse", "HEAD"),
        "git.branch": "main",
        "git.dirty": "false",
        "mlflow.source.git.commit": run("rev-parse", "HEAD"),
    }
    (folder / "mlflow.db").write_text("untracked files are no change of the code")
    assert git(folder)["git.dirty"] == "false"
    (folder / "a.py").write_text("a = 2")
    assert git(folder)["git.dirty"] == "true"


def test_outside_a_repository_there_are_no_git_tags(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git(tmp_path) == {}


def test_without_git_there_are_no_git_tags(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git(repository[0]) == {}


def test_versions_are_the_installed_ones():
    found = versions()
    assert found["version.numpy"] == np.__version__
    assert {"version.python", "version.lossexp", "version.tensorflow", "version.keras"} <= set(found)


def test_everything_is_a_string_and_tells_the_machine():
    tags = provenance(devices=["NVIDIA H100"])
    assert all(isinstance(value, str) for value in tags.values())
    assert tags["host.devices"] == "NVIDIA H100"
    assert int(tags["host.cpus"]) >= 1
    assert "host.devices" not in host()


def test_the_command_has_no_password_and_nothing_heavy_is_imported():
    code = (
        "import sys; from lossexp.tracking.provenance import provenance; print(provenance()['command']);"
        "print([m for m in ('tensorflow', 'mlflow', 'hydra') if m in sys.modules])"
    )
    uri = "tracking.uri=http://me:secret@host:5000"
    done = subprocess.run([sys.executable, "-c", code, uri], capture_output=True, text=True, check=True)
    command, imported = done.stdout.strip().rsplit("\n", 1)
    assert "tracking.uri=http://me:***@host:5000" in command
    assert imported == "[]"
