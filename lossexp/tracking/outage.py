"""That a store is down, known to all processes of this machine which were started in one folder.

So a sweep waits for a server that hangs once in a while, and not once a job.
"""

from __future__ import annotations

import platform
import time
from contextlib import suppress
from pathlib import Path

from lossexp.tracking.uri import without_password

PAUSE_SECONDS = 60.0


class Outage:
    """An outage of the store at `uri`, kept as a small file in `folder` while it lasts."""

    def __init__(self, uri: str, folder: Path):
        self._uri = without_password(uri)
        self._file = folder / f".mlflow-down-{platform.node()}"

    @property
    def known(self) -> bool:
        """Whether the store was down when it was last asked."""
        try:
            return self._file.read_text() == self._uri
        except OSError:
            return False

    @property
    def recent(self) -> bool:
        """Whether that is less than a minute ago, so that asking again may wait."""
        with suppress(OSError):
            return self.known and time.time() - self._file.stat().st_mtime < PAUSE_SECONDS
        return False

    def begin(self) -> bool:
        """Notes that the store is down now; whether that was news."""
        news = not self.known
        with suppress(OSError):
            self._file.write_text(self._uri)
        return news

    def end(self) -> None:
        if self.known:
            self._file.unlink(missing_ok=True)
