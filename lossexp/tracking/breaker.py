"""A circuit breaker: the first fault of a store is the last one that training waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Breaker:
    """Calls a store until it fails once, then not again.

    store: its name, for the warning. consequence: what the user loses and keeps, for the warning.
    harmless: tells faults of one value (which must not silence the rest) from faults of the store.

    Attribute `fault`: in one line why it is broken, or None.
    """

    def __init__(self, store: str, consequence: str, harmless: Callable[[Exception], bool] = lambda _: False):
        self.store = store
        self.consequence = consequence
        self.harmless = harmless
        self.fault: str | None = None

    @property
    def broken(self) -> bool:
        return self.fault is not None

    def call(self, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result | None:
        """The function's result, or None where the store is down or goes down now (one warning)."""
        if self.broken:
            return None
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if self.harmless(error):
                log.warning("%s did not accept a value: %s", self.store, summary(error))
            else:
                self.fault = summary(error)
                log.warning("%s failed: %s. %s", self.store, self.fault, self.consequence)
            return None


def summary(error: BaseException, longest: int = 300) -> str:
    """The exception in one line, to be followed by a full stop; without the layers below MLflow's own."""
    text = " ".join(str(error).split()).partition(" failed with exception ")
    text = (f"{text[0]} failed" if text[1] else text[0]).rstrip(".") or type(error).__name__
    return text if len(text) <= longest else text[: longest - 1] + "…"
