"""What a store should hear of a run, in the run's folder: one JSON array a line, `["tags", {"loss": "focal"}]`.

It is written before anything is sent, so that no server, and no kill, can lose it. The first line, an object, is the
run's opening. Metrics are in `metrics.jsonl`, and files are named by their places in the run's folder, which may move.
A line `["sent", <uri>]` says that the store there has all before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from lossexp.tracking.uri import without_password

FILE_NAME = "tracking.jsonl"


class Opening(NamedTuple):
    """uri: of the store, without a password. time: seconds since 1970. The rest: see `MLflowTracker`."""

    uri: str
    experiment: str
    artifact_location: str | None
    run_name: str
    tags: Mapping[str, str]
    time: float


class Journal:
    """The journal in `run_dir`, which may be missing."""

    def __init__(self, run_dir: Path):
        self.run_dir = Path(run_dir)
        self.path = self.run_dir / FILE_NAME

    def begin(self, opening: Opening) -> None:
        """Begins anew: a training that goes on tells all of it again."""
        self.path.write_text(json.dumps(opening._asdict()) + "\n")

    def add(self, kind: str, *args: Any) -> None:
        """Adds a line; args: what JSON can hold, or paths."""
        with self.path.open("a") as file:
            file.write(json.dumps([kind, *args], default=self._place) + "\n")

    @property
    def opening(self) -> Opening | None:
        """The first line; None where there is none that can be read."""
        try:
            return Opening(**self._read()[0])
        except (IndexError, TypeError):
            return None

    def lines(self) -> list[list[Any]]:
        """What follows, each `[kind, *args]`. A torn line is left out."""
        return [line for line in self._read()[1:] if isinstance(line, list) and line]

    def _read(self) -> list[Any]:
        text = self.path.read_text("utf-8", errors="replace") if self.path.is_file() else ""
        read = []
        for line in text.splitlines():
            with suppress(ValueError):
                read.append(json.loads(line))
        return read

    @property
    def tags(self) -> dict[str, str]:
        """Of the run, as far as they are told; none without an opening."""
        tags = dict(self.opening.tags) if self.opening else {}
        for kind, *args in self.lines():
            if kind == "tags":
                tags |= args[0]
        return tags

    @property
    def ended(self) -> bool:
        """Whether it says how the run ended."""
        return any(kind == "status" for kind, *_ in self.lines())

    def unsent(self, uri: str) -> list[list[Any]] | None:
        """The lines after those that the store at `uri` has; None where it is not known to have any."""
        lines, mark = self.lines(), ["sent", without_password(uri)]
        return lines[len(lines) - lines[::-1].index(mark) :] if mark in lines else None

    def is_sent(self, uri: str) -> bool:
        """Whether the store at `uri` has all of it."""
        return self.unsent(uri) == []

    @property
    def kept_back(self) -> bool:
        """Whether there is something that no store is known to have."""
        return self.opening is not None and not any(line[0] == "sent" for line in self.lines()[-1:])

    def file(self, place: str) -> Path:
        """A file or folder that a line names. Raises FileNotFoundError, or ValueError for one outside of the run's
        folder, which somebody else may have named."""
        path, inside = self.run_dir / place, self.run_dir.resolve()
        if not path.exists():
            raise FileNotFoundError(f"{path} is gone")
        if not all(each.resolve().is_relative_to(inside) for each in (path, *path.rglob("*"))):
            raise ValueError(f"{path} is outside of the run's folder")
        return path

    def _place(self, path: Path) -> str:
        inside = path.is_relative_to(self.run_dir)
        return str(path.relative_to(self.run_dir) if inside else path)
