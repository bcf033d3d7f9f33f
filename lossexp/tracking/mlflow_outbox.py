"""What goes to one MLflow run, as it is told or from the run's folder; points are buffered."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossexp.base.names import legal_name
from lossexp.tracking import mlflow_runs as runs
from lossexp.tracking.breaker import Breaker
from lossexp.tracking.journal import Journal
from lossexp.tracking.metrics_file import FILE_NAME, read_metrics
from lossexp.tracking.mlflow_connection import KEPT
from lossexp.tracking.mlflow_model import log_inputs, log_saved_model
from lossexp.tracking.uri import without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

FLUSH_SECONDS = 2.0
FLUSH_POINTS = 1000
TO_ARTIFACTS = ("artifact", "model")


class Outbox:
    """Sends to one run of the store, until the store fails; no method raises for its faults.

    stored: what the run has already, as MLflow would keep a point twice and take no other value of a parameter.
    Attribute `sent`: how many points, and of each kind of line in the journal, were sent.
    """

    def __init__(self, client: MlflowClient, uri: str, run_dir: Path, stored: runs.Stored):
        self.client, self.uri, self.run_dir, self.stored = client, uri, run_dir, stored
        self.run_id = stored.run_id
        self.sent: Counter[str] = Counter()
        self._points: list[runs.Point] = []
        self._next_flush = 0.0
        self._non_finite: set[str] = set()
        name = f"MLflow at {without_password(uri)}"
        kept = f"Training goes on. {KEPT}"
        self._store = Breaker(name, kept, harmless=runs.is_bad_value)
        self._artifacts = Breaker(f"The artifact store of {name}", kept, harmless=runs.is_bad_value)

    @property
    def broken(self) -> bool:
        """Whether the store takes nothing any more."""
        return self._store.broken

    @property
    def fault(self) -> str | None:
        """Why not all of it was sent; None where it was."""
        return self._store.fault or self._artifacts.fault

    def send(self, kind: str, *args: Any) -> None:
        """Sends what a line of the journal says."""
        if not self._store.broken:
            (self._artifacts if kind in TO_ARTIFACTS else self._store).call(self._send, kind, *args)

    def _send(self, kind: str, *args: Any) -> None:
        to = self.client, self.run_id
        match kind:
            case "params":
                runs.log_params(*to, {name: value for name, value in args[0].items() if name not in self.stored.params})
            case "tags":
                runs.log_tags(*to, runs.new_tags(args[0], self.stored.has_parent))
            case "inputs":
                log_inputs(*to, args[0])
            case "artifact":
                runs.log_artifact(*to, self._file(args[0]), args[1])
            case "model":
                log_saved_model(*to, self._file(args[0]), args[1])
            case "status":
                runs.terminate(*to, *args)
            case _:  # a mark of what was sent
                return
        self.sent[kind] += 1

    def _file(self, place: Path | str) -> Path:
        return place if isinstance(place, Path) else Journal(self.run_dir).file(place)

    def points(self, metrics: Mapping[str, float], step: int, at: float) -> None:
        """Buffers scalars of `step`; at: seconds since 1970."""
        for name, value in metrics.items():
            key = legal_name(name)
            if not math.isfinite(value):
                self._tell_non_finite(key, value, step)
            elif (key, step) not in self.stored.points:
                self._points.append(runs.Point(key, float(value), int(step), round(at * 1000)))
                self.stored.points.add((key, step))  # a continued run repeats the steps since its checkpoint
        if len(self._points) >= FLUSH_POINTS or time.monotonic() >= self._next_flush:
            self.flush()

    def _tell_non_finite(self, key: str, value: float, step: int) -> None:
        # MLflow would show an infinity as 1.8e308: the point is left out and a tag tells of the first one.
        if key not in self._non_finite:
            self._non_finite.add(key)
            self.send("tags", {f"non_finite.{key}": f"{float(value)} at step {step}"})

    def flush(self) -> None:
        """Sends the buffered points."""
        began = time.monotonic()
        if self._points:
            self._store.call(self._send_points, self._points)
            self._points = []
        spent = time.monotonic() - began
        # Curves stay live, and a slow store takes 5 % of the time at most.
        self._next_flush = began + max(FLUSH_SECONDS, 20 * spent)

    def _send_points(self, points: Sequence[runs.Point]) -> None:
        runs.log_points(self.client, self.run_id, points)
        self.sent["points"] += len(points)

    def recorded(self) -> None:
        """Sends the points of `metrics.jsonl`."""
        for record in read_metrics(self.run_dir / FILE_NAME):
            self.points(record["metrics"], record["step"], record["time"])
        self.flush()

    def settle(self, journal: Journal) -> None:
        """Notes in the journal, where that is so, that the store has all of it."""
        if self.fault is None:
            with suppress(OSError):  # of a full disk; it is sent again then
                journal.add("sent", without_password(self.uri))


def from_folder(client: MlflowClient, experiment_id: str, uri: str, journal: Journal) -> Outbox:
    """Sends what the store lacks of the run in the journal's folder, to the run of its training.

    Raises Unreachable where the store does not answer.
    """
    run, lines = runs.of_training(client, experiment_id, journal.opening), journal.unsent(uri)
    if run and lines is not None:
        has_parent = runs.PARENT in run.data.tags
        outbox = Outbox(client, uri, journal.run_dir, runs.Stored(run.info.run_id, set(), set(), has_parent))
    else:
        stored = runs.start(client, experiment_id, journal.opening, journal.ended)
        outbox, lines = Outbox(client, uri, journal.run_dir, stored), journal.lines()
        outbox.recorded()
    for kind, *args in lines:
        outbox.send(kind, *args)
    if journal.ended and not journal.is_sent(uri):
        outbox.settle(journal)
    return outbox
