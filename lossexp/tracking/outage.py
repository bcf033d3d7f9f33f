"""That a store is down, known to all processes of this machine which were started in one folder.

So a sweep waits for a server that hangs once in a while, and not once a job.
"""

from __future__ import annotations

import hashlib
import platform
import time
from contextlib import suppress
from pathlib import Path

from lossexp.tracking.uri import without_password

PAUSE_SECONDS = 60.0
_NOTED: dict[Path, float] = {}  # by file, for a folder that cannot be written to


class Outage:
    """An outage of the store at `uri`, kept as a small file in `folder` while it lasts."""

    def __init__(self, uri: str, folder: Path):
        self._uri = without_password(uri)
        store = hashlib.sha256(self._uri.encode()).hexdigest()[:8]
        self._file = folder / f".mlflow-down-{platform.node()}-{store}"

    @property
    def _last(self) -> float | None:
        """When the store was last found to be down, in seconds since 1970; None where it is not."""
        with suppress(OSError):
            return max(self._file.stat().st_mtime, _NOTED.get(self._file, 0.0))
        return _NOTED.get(self._file)

    @property
    def known(self) -> bool:
        """Whether the store was down when it was last asked."""
        return self._last is not None

    @property
    def recent(self) -> bool:
        """Whether that is less than a minute ago, so that asking again may wait."""
        return time.time() - (self._last or 0.0) < PAUSE_SECONDS

    def begin(self) -> bool:
        """Notes that the store is down now; whether that was news."""
        news = not self.known
        try:
            self._file.write_text(self._uri)
        except OSError:
            _NOTED[self._file] = time.time()
        return news

    def end(self) -> None:
        _NOTED.pop(self._file, None)
        with suppress(OSError):
            self._file.unlink()
