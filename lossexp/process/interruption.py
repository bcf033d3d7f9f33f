"""Ctrl-C, SIGTERM and SIGHUP between two calls: the position is saved first, and then training ends."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

log = logging.getLogger(__name__)


class Interruption:
    """While active, the first signal only asks training to stop; a second one stops at once.

    An exception in the middle of a step would leave weights and position apart, and the run could not be
    continued exactly. Only the main thread can install handlers; elsewhere this does nothing.
    """

    def __init__(self) -> None:
        self.requested: int | None = None
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) not in (None, signal.SIG_IGN):
                    self._previous[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested is not None:
            raise KeyboardInterrupt
        self.requested = number
        log.warning("stopping after the current steps; the run can be continued with the same command")

    def end(self) -> None:
        """Raises what the signal stands for: KeyboardInterrupt, or SystemExit(128 + its number) for another."""
        if self.requested == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + int(self.requested or signal.SIGTERM))
