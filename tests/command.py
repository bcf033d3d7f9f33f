"""The command line in this process: as a user types it, without the seconds that a new process takes."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lossexp.cli import main


class Answer(NamedTuple):
    """code: the exit code. out, err: what was printed. words: `err` on one line."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        return " ".join(self.err.split())


def lossexp(*arguments: str, folder: Path) -> Answer:
    """`lossexp ARGUMENTS`, given in `folder`. What it does not explain is raised."""
    before, sys.argv = sys.argv, ["lossexp", *arguments]
    try:
        return answer(main, folder)
    finally:
        sys.argv = before


def answer(command: Callable[[], None], folder: Path) -> Answer:
    """What `command` prints in `folder`, and its exit code."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command()
        except SystemExit as ended:
            code = ended.code or 0
    return Answer(code, out.getvalue(), err.getvalue())
