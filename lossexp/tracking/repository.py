"""What git says about a folder of code, asked so that nothing which the repository configures is run.

A repository's own configuration and attributes can name commands for git to start: a file monitor, hooks,
filters that clean a file before it is compared, helpers that fetch what is missing. So the monitor, hooks and
transports are off, and files are compared here, byte by byte, instead of by `git status`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

SECONDS = 10
INERT = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit")
ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}


def git(folder: Path) -> dict[str, str]:
    """`git.commit`, `git.branch`, `git.dirty` and `mlflow.source.git.commit`; empty outside a repository.

    git.dirty: whether tracked files below `folder` differ from the commit. Line ends do not count; a file that a
    filter of git rewrites (LFS) counts as changed.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    return {
        "git.commit": commit,
        "git.branch": _git(folder, "rev-parse", "--abbrev-ref", "HEAD") or "",
        "git.dirty": _dirty(folder),
        "mlflow.source.git.commit": commit,
    }


def tracked(file: Path) -> bool:
    """Whether a repository tracks this file: an installed package may lie in the .venv of one that does not."""
    return bool(_git(file.parent, "ls-files", "--error-unmatch", "--", file.name))


def _dirty(folder: Path) -> str:
    committed = _git(folder, "ls-tree", "-r", "-z", "HEAD")
    indexed = _git(folder, "ls-files", "--stage", "-z")
    if committed is None or indexed is None:
        return "unknown"
    # "<mode> <type> <hash>\t<path>" and "<mode> <hash> <stage>\t<path>", both below the folder.
    in_commit = {(path, facts.split()[2]) for facts, path in _entries(committed)}
    in_index = {(path, facts.split()[1]) for facts, path in _entries(indexed)}
    changed = in_commit != in_index or any(_differs(folder / path, known) for path, known in in_index)
    return str(changed).lower()


def _entries(listed: str) -> list[tuple[str, str]]:
    return [tuple(entry.split("\t", 1)) for entry in listed.split("\0") if entry]


def _differs(file: Path, known: str) -> bool:
    """Whether the file's content is not the one that git knows by the hash `known`."""
    if file.is_dir() and not file.is_symlink():
        return False  # a submodule, whose state is its own
    if not file.is_symlink() and not file.is_file():
        return True  # gone, or a device or pipe that reading would not end
    try:
        content = os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes()
    except OSError:
        return True
    return known not in (_hash(content, known), _hash(content.replace(b"\r\n", b"\n"), known))


def _hash(content: bytes, like: str) -> str:
    kind = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return kind(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *INERT, "-C", str(folder), *arguments],
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={**os.environ, **ENVIRONMENT},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return os.fsdecode(done.stdout).strip("\n")
