"""Where a result came from: code, command, packages, machine; as tags."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import lossexp
from lossexp.tracking.uri import without_password

PACKAGES = ("tensorflow", "keras", "mlflow", "hydra-core", "numpy", "scikit-learn")
GIT_SECONDS = 10


def provenance(folder: Path | None = None, devices: Iterable[str] = ()) -> dict[str, str]:
    """Tags `git.*`, `version.*`, `host.*`, `command` and `mlflow.source.git.commit`.

    folder: where to look for a git repository; None is this package's own where it is run from one, else
    that of the current folder.
    devices: names of the accelerators in use, told by whoever imported TensorFlow. Imports nothing heavy.
    """
    return {"command": command_line(), **versions(), **host(devices), **git(folder)}


def command_line() -> str:
    """The command that started this process, to be pasted into a shell; passwords in URIs are left out."""
    return without_password(shlex.join(sys.orig_argv))


def versions() -> dict[str, str]:
    """`version.<package>` from the installed metadata, without importing; missing packages are left out."""
    found = {"version.python": platform.python_version(), "version.lossexp": lossexp.__version__}
    for package in PACKAGES:
        try:
            found[f"version.{package}"] = version(package)
        except PackageNotFoundError:
            continue
    return found


def host(devices: Iterable[str] = ()) -> dict[str, str]:
    """`host.name`, `host.platform`, `host.cpu`, `host.cpus` (those this process may use), `host.devices`."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts = {
        "host.name": platform.node(),
        "host.platform": platform.platform(),
        "host.cpu": _cpu(),
        "host.cpus": str(allowed),
    }
    return facts | ({"host.devices": ", ".join(devices)} if (devices := list(devices)) else {})


def git(folder: Path | None = None) -> dict[str, str]:
    """`git.commit`, `git.branch`, `git.dirty` (changes to tracked files); empty outside a repository."""
    folder = folder or _own_repository() or Path.cwd()
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return {
        "git.commit": commit,
        "git.branch": _git(folder, "rev-parse", "--abbrev-ref", "HEAD") or "",
        "git.dirty": "unknown" if changes is None else str(bool(changes)).lower(),
        "mlflow.source.git.commit": commit,
    }


def _own_repository() -> Path | None:
    # An installed package may lie in the .venv of a repository that has nothing to do with it.
    package = Path(__file__).resolve().parent
    return package if _git(package, "ls-files", "--error-unmatch", Path(__file__).name) else None


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
