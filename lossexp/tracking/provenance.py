"""Where a result came from: code, command, packages, machine; as tags."""

from __future__ import annotations

import importlib.util
import os
import platform
import shlex
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import lossexp
from lossexp.tracking.repository import git, tracked
from lossexp.tracking.uri import without_password

PACKAGES = ("tensorflow", "keras", "mlflow", "hydra-core", "numpy", "scikit-learn")


def provenance(packages: Iterable[str] = (), devices: Iterable[str] = ()) -> dict[str, str]:
    """Tags `git.*`, `version.*`, `host.*`, `command` and `mlflow.source.git.commit`.

    packages: the user's own packages, which the run builds from (`trusted_packages`).
    devices: names of the accelerators in use, told by whoever imported TensorFlow. Imports nothing heavy.
    """
    return {"command": command_line(), **versions(), **host(devices), **repository_of(packages)}


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


def repository_of(packages: Iterable[str]) -> dict[str, str]:
    """Tags `git.*` of the first of this package and the user's `packages` that a repository tracks.

    Never of the current folder because it is the current one: that may be anybody's. Imports no package.
    """
    package = Path(lossexp.__file__).resolve()
    if tracked(package):
        return git(package.parents[1])  # with the conf folder beside it
    files = [Path(origin).resolve() for origin in map(_origin, packages) if origin]
    own = next((file for file in files if tracked(file)), None)
    return git(own.parent) if own else {}


def _origin(package: str) -> str | None:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec and spec.has_location else None


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
