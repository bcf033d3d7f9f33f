"""Ctrl-C and what stops a process, met in three ways: raised as an exception, held until a block ends, or asked for."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

TERMINATED = (signal.SIGTERM, signal.SIGHUP)  # by a scheduler, or a terminal that was closed
STOPS = (signal.SIGINT, *TERMINATED)


@contextmanager
def stops_raise() -> Iterator[None]:
    """Inside the block the first SIGTERM or SIGHUP calls the previous handler, if any, and raises SystemExit.

    So `finally` blocks run, and a run ends KILLED instead of running for ever. The exit code is 143 or 129. Later
    signals are ignored: schedulers send several, and the clean-up must not be cut short.
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

    with _handled(STOPS, handle):
        yield
    for number in waiting[:1]:
        signal.raise_signal(number)


class Stop:
    """A stop that `stops_ask` was asked for; requested: the signal's number, or None."""

    requested: int | None = None

    def obey(self) -> None:
        """Raises what the signal stands for: KeyboardInterrupt, or SystemExit(128 + its number) for another."""
        if self.requested == signal.SIGINT:
            raise KeyboardInterrupt
        if self.requested is not None:
            raise SystemExit(128 + self.requested)


@contextmanager
def stops_ask() -> Iterator[Stop]:
    """Inside the block the first signal only asks for a stop, which the block obeys when it can; a second one raises.

    For training: an exception in the middle of a step would leave weights and position apart, and the run could not
    be continued exactly.
    """
    stop = Stop()

    def handle(number: int, frame: Any) -> None:
        if stop.requested is not None:
            raise KeyboardInterrupt
        stop.requested = number
        log.warning("stopping after the current steps; the run can be continued with the same command")

    with _handled(STOPS, handle):
        yield stop


@contextmanager
def _handled(numbers: Sequence[int], handler: Callable) -> Iterator[dict[int, Any]]:
    """Installs the handler and gives the handlers before, which are back after the block.

    Not for signals that are ignored on purpose, as under nohup, and outside the main thread for none: Python
    allows no handlers there.
    """
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
