"""Calls with a total deadline: a server that hangs, or sends a byte a second, costs seconds.

The time limits of HTTP libraries are for each read, and start again with every byte and every try.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")

CALL_SECONDS = 8.0
SLOWEST = 250_000  # bytes a second that an upload may count on
UPLOADS = ("log_artifact", "log_artifacts", "log_model_artifacts")  # of (what, local path, ...)


def within(seconds: float, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """The function's result, or what it raises; TimeoutError where it takes longer than `seconds`.

    It is then left to itself: it cannot be stopped, but ends with the process.
    """
    answer: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answer.put((function(*args, **kwargs), None))
        except BaseException as error:
            answer.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        result, error = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no whole answer within {seconds:.0f} s") from None
    if error is not None:
        raise error
    return result


class Punctual:
    """An MLflow client each of whose calls ends in time; uploads have time by their size."""

    def __init__(self, client: Any):
        self._client = client

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        return partial(self._call, name, attribute) if callable(attribute) else attribute

    def _call(self, name: str, method: Callable, *args: Any, **kwargs: Any) -> Any:
        size = _bytes(Path(args[1])) if name in UPLOADS else 0
        return within(CALL_SECONDS + size / SLOWEST, method, *args, **kwargs)


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
