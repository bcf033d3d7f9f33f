"""SIGTERM as an exception, so that `finally` blocks run and a run ends KILLED instead of running for ever."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Inside the block the first SIGTERM calls the previous handler, if any, and raises SystemExit(143).

    Later ones are ignored: schedulers send several, and the clean-up must not be cut short. On leaving,
    the previous handler is back. Does nothing outside the main thread (Python allows no handlers there) or
    where SIGTERM is ignored on purpose.
    """
    previous = signal.getsignal(signal.SIGTERM)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or previous in (None, signal.SIG_IGN):
        yield
        return

    def handle(number: int, frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if callable(previous):
            previous(number, frame)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
