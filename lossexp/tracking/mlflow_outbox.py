"""What goes to an open MLflow run: buffered where it is small, kept back where the store is down."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lossexp.base.names import legal_name
from lossexp.tracking import mlflow_runs as runs
from lossexp.tracking.breaker import Breaker
from lossexp.tracking.mlflow_store import answers
from lossexp.tracking.uri import is_server, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)
FLUSH_SECONDS = 2.0
FLUSH_POINTS = 1000


class Outbox:
    """Sends to one run of the store. No method raises for a fault of the store.

    stored: `(metric, step)` pairs that the run has already, as MLflow would keep a pair twice.
    """

    def __init__(self, client: MlflowClient, uri: str, run_id: str, stored: set[tuple[str, int]]):
        self.client = client
        self.uri = uri
        self.run_id = run_id
        self.stored = stored
        self._points: list[runs.Point] = []
        self._next_flush = 0.0
        self._non_finite: set[str] = set()
        self._kept_back: list[tuple[Callable, tuple, bool]] = []
        self._new_breakers()

    def _new_breakers(self) -> None:
        kept = "Training goes on; metrics are in the run's folder, and sending is tried once more at the end."
        name = f"MLflow at {without_password(self.uri)}"
        self._store = Breaker(name, kept, harmless=runs.is_bad_value)
        self._artifacts = Breaker(f"The artifact store of {name}", kept, harmless=runs.is_bad_value)

    def send(self, action: Callable, *args: Any, to_artifacts: bool = False) -> None:
        """Calls `action(client, run_id, *args)`, now or, where the store is down, once more at the end."""
        breaker = self._artifacts if to_artifacts else self._store
        if not self._store.broken:
            breaker.call(action, self.client, self.run_id, *args)
        if breaker.broken or self._store.broken:
            self._kept_back.append((action, args, to_artifacts))

    def points(self, metrics: Mapping[str, float], step: int, at: float) -> None:
        """Buffers scalars of `step`; at: seconds since 1970."""
        for name, value in metrics.items():
            key = legal_name(name)
            if not math.isfinite(value):
                self._tell_non_finite(key, value, step)
            elif (key, step) not in self.stored:
                self._points.append(runs.Point(key, float(value), int(step), int(at * 1000)))
                self.stored.add((key, step))  # a continued run repeats the steps since its checkpoint
        if len(self._points) >= FLUSH_POINTS or time.monotonic() >= self._next_flush:
            self.flush()

    def _tell_non_finite(self, key: str, value: float, step: int) -> None:
        # MLflow would show an infinity as 1.8e308: the point is left out and a tag tells of the first one.
        if key not in self._non_finite:
            self._non_finite.add(key)
            self.send(runs.log_tags, {f"non_finite.{key}": f"{float(value)} at step {step}"})

    def flush(self) -> None:
        """Sends the buffered points."""
        began = time.monotonic()
        if self._points:
            self.send(runs.log_points, self._points)
            self._points = []
        spent = time.monotonic() - began
        # Curves stay live, and a slow store takes 5 % of the time at most.
        self._next_flush = began + max(FLUSH_SECONDS, 20 * spent)

    def close(self, status: str) -> bool:
        """Sends what is left and ends the run; whether the store has all of it."""
        self.flush()
        if self._kept_back:
            self._try_once_more()
        self.send(runs.terminate, status)
        if self._kept_back:
            log.warning(
                "MLflow run %s is incomplete (%d items not sent); what is missing is in the run's folder. "
                "The same command again continues the run and sends it.",
                self.run_id,
                len(self._kept_back),
            )
        return not self._kept_back

    def _try_once_more(self) -> None:
        if is_server(self.uri) and not answers(self.uri):
            return
        kept_back, self._kept_back = self._kept_back, []
        self._new_breakers()
        for action, args, to_artifacts in kept_back:
            self.send(action, *args, to_artifacts=to_artifacts)
