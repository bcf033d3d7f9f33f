import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import lossexp
from lossexp.tracking.provenance import host, provenance, versions
from lossexp.tracking.repository import git, tracked


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


HARM = "#!/bin/sh\ntouch {harmed}-{what}\ncat\n"


@pytest.fixture
def hostile(repository):
    """A repository whose configuration starts a command wherever git can be made to start one."""
    folder, run = repository
    harmed = folder.parent / f"{folder.name}-harmed"

    def command(what):
        script = folder.parent / f"{folder.name}-{what}.sh"
        script.write_text(HARM.format(harmed=harmed, what=what))
        script.chmod(0o755)
        return str(script)

    (folder / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    run("add", ".gitattributes")
    run("commit", "-m", "second")
    for setting in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "core.pager"):
        run("config", setting, command(setting))
    for setting in ("diff.external", "core.sshCommand", "core.alternateRefsCommand", "remote.origin.uploadpack"):
        run("config", setting, command(setting))
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "pre-commit"):
        (folder / ".git" / "hooks" / hook).write_text(HARM.format(harmed=harmed, what=hook))
        (folder / ".git" / "hooks" / hook).chmod(0o755)
    time.sleep(0.01)
    (folder / "a.py").write_text("a = 1")  # the same content at another time: git itself would look into it
    return folder, run, lambda: sorted(path.name for path in folder.parent.glob(f"{harmed.name}*"))


def test_what_a_repository_configures_is_not_run(hostile):
    folder, run, harmed = hostile
    commit = (folder / ".git" / "refs" / "heads" / "main").read_text().strip()
    assert git(folder)["git.commit"] == commit
    assert git(folder)["git.dirty"] == "false"
    (folder / "a.py").write_text("a = 2")
    assert git(folder)["git.dirty"] == "true"
    assert tracked(folder / "a.py")
    assert harmed() == []
    run("status")
    assert harmed() != []  # git itself does run them


def test_nothing_is_fetched_from_where_a_repository_says(hostile):
    folder, run, harmed = hostile
    run("config", "extensions.partialClone", "origin")
    run("config", "core.repositoryFormatVersion", "1")
    run("config", "remote.origin.promisor", "true")
    run("config", "remote.origin.url", str(folder.parent))
    tree = subprocess.run(
        ["git", "-c", "core.fsmonitor=false", "-C", str(folder), "rev-parse", "HEAD^{tree}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    assert git(folder)["git.dirty"] == "unknown"
    assert harmed() == []


def test_a_changed_link_and_a_removed_or_staged_file_are_changes_and_line_ends_are_not(repository):
    folder, run = repository
    (folder / "link").symlink_to("a.py")
    (folder / "lines.txt").write_bytes(b"one\ntwo\n")
    run("add", "link", "lines.txt")
    assert git(folder)["git.dirty"] == "true"
    run("commit", "-m", "more")
    (folder / "lines.txt").write_bytes(b"one\r\ntwo\r\n")
    assert git(folder)["git.dirty"] == "false"
    (folder / "link").unlink()
    assert git(folder)["git.dirty"] == "true"
    (folder / "link").symlink_to("/dev/zero")
    assert git(folder)["git.dirty"] == "true"
    run("checkout", "link")
    (folder / "a.py").unlink()
    (folder / "a.py").symlink_to("/dev/zero")
    assert git(folder)["git.dirty"] == "true"


def test_the_current_folder_is_not_asked_only_because_it_is_the_current_one(repository, tmp_path, monkeypatch):
    folder, _ = repository
    monkeypatch.chdir(folder)
    code = (
        "import sys, lossexp.tracking.provenance as p; from pathlib import Path\n"
        "print(p.repository_of(sys.argv[1:]).get('git.commit'))"
    )
    elsewhere = folder / "site"  # the package as installed: no repository tracks it
    shutil.copytree(Path(lossexp.__file__).parent, elsewhere / "lossexp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(lossexp.__file__).parents[1] / "conf", elsewhere / "lossexp" / "conf")

    def asked(*packages):
        return subprocess.run(
            [sys.executable, "-c", code, *packages],
            env={**os.environ, "PYTHONPATH": f"{elsewhere}{os.pathsep}{folder}"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    assert asked() == "None"
    assert asked("no_such_package", "os") == "None"
    assert asked("a") == git(folder)["git.commit"]
