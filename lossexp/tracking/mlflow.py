"""`tracking=mlflow`: runs in an MLflow store, which may fail without failing the training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lossexp.base.checks import Name, Place, settings
from lossexp.base.names import legal_name
from lossexp.tracking import mlflow_pages as pages
from lossexp.tracking import mlflow_runs as runs
from lossexp.tracking.breaker import Breaker, summary
from lossexp.tracking.journal import Journal, Opening
from lossexp.tracking.mlflow_connection import Connection
from lossexp.tracking.mlflow_model import dataset_inputs, save_model
from lossexp.tracking.mlflow_outbox import Outbox, from_folder
from lossexp.tracking.params import as_params
from lossexp.tracking.tracker import FinishedRun, Status, Tracker
from lossexp.tracking.uri import resolve_artifacts, resolve_uri, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from lossexp.datasets.dataset import Dataset

log = logging.getLogger(__name__)
MODEL_FOLDER = "mlflow_model"


class MLflowTracker(Tracker):
    """Logs to MLflow through a client and an explicit run id; no global MLflow state is used.

    uri: tracking URI; None is `$MLFLOW_TRACKING_URI`, else `sqlite:////<root>/mlflow.db`.
    experiment: its name, created where missing, then with `artifact_location` (None:
        `<root>/mlruns/<experiment>`, or the server's own choice).
    root: folder that None and relative paths start from; None is the current folder, taken now.
    log_model, log_datasets: False makes `model` or `dataset` do nothing.
    on_unreachable: "error" raises InputError in `find`, `has` and `open` where the store does not answer;
        "warn" trains without it.
    parent: MLflow run of the sweep that started this job. Its store was there when it began, and what fails later
        must fail no job, so that on_unreachable does not count.

    What is told is in the run's folder first (`journal.py`). After a fault of the store it is asked again each
    minute, and at the end; what it lacks then is sent by `python -m lossexp.tracking sync`, or the same command.
    """

    @settings("tracking")
    def __init__(
        self,
        uri: str | None = None,
        experiment: Name = "lossexp",
        artifact_location: Place | None = None,
        root: Place | None = None,
        log_model: bool = True,
        log_datasets: bool = True,
        on_unreachable: Literal["error", "warn"] = "error",
        parent: str | None = None,
    ):
        super().__init__()
        folder = Path(root or Path.cwd()).resolve()
        self.uri = resolve_uri(uri, folder)
        location = resolve_artifacts(artifact_location, self.uri, folder, experiment)
        goes_on = on_unreachable == "warn" or parent is not None
        self.connection = Connection(self.uri, experiment, location, folder, goes_on)
        self.log_model = log_model
        self.log_datasets = log_datasets
        self._parent = parent
        self._journal: Journal | None = None
        self._journal_file = Breaker("The run's file of what MLflow is told", "It cannot be sent later.")
        self._outbox: Outbox | None = None

    def find(self, run_key: str) -> FinishedRun | None:
        run = self.connection.reach(partial(runs.newest_finished, run_key=run_key))
        if not run:
            return None
        where = self._where(run.info.run_id)
        return FinishedRun(run.info.run_id, run.info.run_name, run.data.metrics, run.data.tags, where)

    def run_tags(self, run_id: str) -> dict[str, str]:
        return self.connection.reach(lambda client, _: runs.run_tags(client, run_id)) or {}

    def has(self, run_key: str, run_dir: Path) -> bool:
        journal = Journal(run_dir)
        if not journal.opening:  # a run of an earlier version
            join = partial(runs.join, run_key=run_key, parent=self._parent)
            return self.connection.reach(join) or self.connection.outage.known
        self._journal_file.call(runs.join_by_journal, journal, self._parent)
        outbox = self.connection.reach(self._sending(journal))
        return outbox is None or outbox.fault is None

    def send(self, journal: Journal) -> Outbox:
        """Sends what the store lacks of the run in the journal's folder. Raises Unreachable."""
        return self.connection.call(self._sending(journal))

    def _sending(self, journal: Journal) -> Callable[[MlflowClient, str], Outbox]:
        return partial(from_folder, uri=self.uri, journal=journal)

    def open(self, *, run_name: str, run_dir: Path, tags: Mapping[str, str]) -> None:
        super().open(run_name=run_name, run_dir=run_dir, tags=tags)
        self.run_id, self._outbox, self._journal = None, None, None
        tags = runs.shown() | _legal(tags) | runs.of_sweep(self._parent)
        to, uri = self.connection, without_password(self.uri)
        opening = Opening(uri, to.experiment, to.artifact_location, run_name, tags, time.time())
        stored = to.reach(partial(runs.start, opening=opening))
        self._journal = Journal(self.run_dir)
        self._journal_file.call(self._journal.begin, opening)
        if stored:
            self._take(Outbox(to.client, self.uri, self.run_dir, stored))

    def _take(self, outbox: Outbox) -> None:
        self._outbox, self.run_id = outbox, outbox.run_id

    def replay(self, history: Sequence[tuple[Mapping[str, float], int]]) -> None:
        super().replay(history)
        self._use(Outbox.recorded)

    def params(self, params: Mapping[str, Any]) -> None:
        self._tell("params", as_params(params))

    def _metrics(self, metrics: Mapping[str, float], step: int, at: float) -> None:
        super()._metrics(metrics, step, at)
        self._use(lambda outbox: outbox.points(metrics, step, at))

    def artifact(self, path: Path, folder: str | None = None) -> None:
        super().artifact(path, folder)
        self._tell("artifact", Path(path).resolve(), folder)

    def figure(self, figure: Any, name: str) -> None:
        super().figure(figure, name)
        path = self.run_dir and self.run_dir / "figures" / name
        if path and path.exists():
            self.artifact(path, "figures")

    def model(self, model: Any, *, inputs: Any, outputs: Any, step: int = 0) -> None:
        if not (self.log_model and self._journal):
            return
        path = self.run_dir / MODEL_FOLDER
        try:
            save_model(model, inputs, outputs, path)
        except Exception as error:  # of Keras, MLflow or the user's class
            log.warning("MLflow cannot take the model: %s. The run has its file instead, and all else.", summary(error))
            if isinstance(model, str | Path):
                self.artifact(model)
            return
        self._tell("model", path, step)

    def dataset(self, dataset: Dataset) -> None:
        if self.log_datasets and self._journal:
            self._tell("inputs", dataset_inputs(dataset))

    def tags(self, tags: Mapping[str, str]) -> None:
        self._tell("tags", _legal(tags))

    def _tell(self, kind: str, *args: Any) -> None:
        if self._journal:
            self._journal_file.call(self._journal.add, kind, *args)
            self._use(lambda outbox: outbox.send(kind, *args))

    def _use(self, action: Callable[[Outbox], None]) -> None:
        """Sends what the run's folder has already: by the action, or with all else once the store is back."""
        if self.connection.outage.recent:  # which another run may have found out
            self._outbox = None
        elif self._outbox:
            action(self._outbox)
            if self._outbox.broken:
                self._outbox = None
                self.connection.outage.begin()
        elif self._journal:
            self._catch_up()

    def _catch_up(self, now: bool = False) -> None:
        if self._journal.opening:
            outbox = self.connection.reach(self._sending(self._journal), goes_on=True, now=now)
            if outbox and not outbox.broken:
                self._take(outbox)

    def flush(self) -> None:
        if self._outbox:
            self._use(Outbox.flush)

    def close(self, status: Status) -> None:
        if not self._journal:
            return
        self.flush()
        self._tell("status", status, time.time())
        if self._outbox and self._outbox.fault is None:
            self._outbox.settle(self._journal)
        if not self._journal.is_sent(self.uri):
            self._catch_up(now=not self.connection.goes_on)
        if not self._journal.is_sent(self.uri) and not self.connection.goes_on:
            log.warning(
                "MLflow run %s is incomplete. `python -m lossexp.tracking sync %s` sends what is missing, as does the "
                "same command again.",
                *(self.run_id, self.run_dir),
            )
        self._journal = self._outbox = None

    def where(self) -> str:
        return self._where(self.run_id)

    def _where(self, run_id: str | None) -> str:
        return pages.where(self.uri, self.connection.experiment_id, run_id)

    def page(self, tags: Mapping[str, str], metric: str, ascending: bool) -> str:
        return pages.page(self.connection.experiment_id, tags, metric, ascending)


def _legal(tags: Mapping[str, str]) -> dict[str, str]:
    return {legal_name(key): str(value) for key, value in tags.items()}
