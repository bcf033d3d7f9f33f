"""What stops a process, as an exception: `finally` blocks run, and a run ends KILLED instead of running for ever."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

TERMINATED = (signal.SIGTERM, signal.SIGHUP)  # by a scheduler, or a terminal that was closed


@contextmanager
def stops_raise() -> Iterator[None]:
    """Inside the block the first SIGTERM or SIGHUP calls the previous handler, if any, and raises SystemExit.

    Its code is 143 or 129. Later ones are ignored: schedulers send several, and the clean-up must not be cut
    short. On leaving, the previous handlers are back. Does nothing outside the main thread (Python allows no
    handlers there) or for a signal that is ignored on purpose, as under nohup.
    """

    def handle(number: int, frame: Any) -> None:
        for each in previous:
            signal.signal(each, signal.SIG_IGN)
        if callable(previous[number]):
            previous[number](number, frame)
        raise SystemExit(128 + number)

    with _handled(TERMINATED, handle) as previous:
        yield


@contextmanager
def stops_wait() -> Iterator[None]:
    """Inside the block Ctrl-C, SIGTERM and SIGHUP wait for its end; a second Ctrl-C does not."""
    waiting: list[int] = []

    def handle(number: int, frame: Any) -> None:
        if number == signal.SIGINT and number in waiting:
            raise KeyboardInterrupt
        waiting.append(number)
        log.warning("stopping once the run is closed")

    with _handled((signal.SIGINT, *TERMINATED), handle):
        yield
    for number in waiting[:1]:
        signal.raise_signal(number)


@contextmanager
def _handled(numbers: Sequence[int], handler: Callable) -> Iterator[dict[int, Any]]:
    """Installs the handler for the signals that are not ignored; gives the handlers before, which come back."""
    previous: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in numbers}
        previous |= {number: old for number, old in before.items() if old not in (None, signal.SIG_IGN)}
    try:
        for number in previous:
            signal.signal(number, handler)
        yield previous
    finally:
        for number, old in previous.items():
            signal.signal(number, old)
