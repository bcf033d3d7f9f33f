"""The tracker contract, and the tracker that does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Status = Literal["FINISHED", "FAILED", "KILLED"]


class Tracker:
    """Base class and null object: every method may be called and does nothing.

    Use as a context manager: leaving the block closes the run as FINISHED; an exception closes it as
    FAILED, and KeyboardInterrupt or SystemExit (Ctrl-C, SIGTERM) as KILLED. No method but `open` may
    raise for a fault of the store.
    """

    def open(self, *, run_name: str, run_dir: Path, tags: Mapping[str, str]) -> None:
        """Starts (or, where a run with the same `run_key` tag was interrupted, continues) the run."""

    def params(self, params: Mapping[str, Any]) -> None:
        """Logs flat parameters; numbers as numbers."""

    def metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Logs scalars at `step` (training steps so far)."""

    def artifact(self, path: Path, folder: str | None = None) -> None:
        """Copies a file, or everything in a folder, to the run's artifacts under `folder`."""

    def figure(self, figure: Any, name: str) -> None:
        """Logs a matplotlib figure as `name` (for example `curves.png`)."""

    def tags(self, tags: Mapping[str, str]) -> None:
        """Sets tags on the open run."""

    def close(self, status: Status) -> None:
        """Ends the run with this status; later calls do nothing."""

    def where(self) -> str:
        """What to type to look at the run, or an empty string."""
        return ""

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close("FINISHED")
        elif issubclass(kind, KeyboardInterrupt | SystemExit):
            self.close("KILLED")
        else:
            self.close("FAILED")


class NoTracker(Tracker):
    """`tracking=none`: nothing leaves the run's folder."""
