"""`tracking=mlflow`: runs in an MLflow store, which may fail without failing the training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote, urlencode

from lossexp.base.checks import Name, Place, settings
from lossexp.base.names import legal_name
from lossexp.tracking import mlflow_runs as runs
from lossexp.tracking import mlflow_store as store
from lossexp.tracking.metrics_file import read_metrics
from lossexp.tracking.mlflow_outbox import Outbox
from lossexp.tracking.params import as_params
from lossexp.tracking.tracker import FinishedRun, Status, Tracker
from lossexp.tracking.uri import is_server, resolve_artifacts, resolve_uri, ui_command, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from lossexp.datasets.dataset import Dataset

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class MLflowTracker(Tracker):
    """Logs to MLflow through a client and an explicit run id; no global MLflow state is used.

    uri: tracking URI; None is `$MLFLOW_TRACKING_URI`, else `sqlite:////<root>/mlflow.db`.
    experiment: its name, created where missing, then with `artifact_location` (None:
        `<root>/mlruns/<experiment>`, or the server's own choice).
    root: folder that None and relative paths start from; None is the current folder, taken now.
    log_model, log_datasets: False makes `model` or `dataset` do nothing.
    on_unreachable: "error" raises InputError in `find` and `open` where the store does not answer;
        "warn" trains without it, metrics in the run's folder only.

    After a fault of the store nothing more is sent, so that a dead server costs seconds once; `close`
    tries again everything that was kept back. What is missing then is sent when the run is continued.
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
    ):
        super().__init__()
        folder = Path(root or Path.cwd()).resolve()
        self.uri = resolve_uri(uri, folder)
        self.experiment = experiment
        self.artifact_location = resolve_artifacts(artifact_location, self.uri, folder, experiment)
        self.log_model = log_model
        self.log_datasets = log_datasets
        self.on_unreachable = on_unreachable
        self.experiment_id: str | None = None
        self._client: MlflowClient | None = None
        self._unreachable = False
        self._outbox: Outbox | None = None
        self._stored_params: set[str] = set()

    def find(self, run_key: str) -> FinishedRun | None:
        run = self._reach(lambda: runs.newest_finished(self._connect(), self.experiment_id, run_key))
        if not run:
            return None
        where = self._where(run.info.run_id)
        return FinishedRun(run.info.run_id, run.info.run_name, run.data.metrics, run.data.tags, where)

    def run_tags(self, run_id: str) -> dict[str, str]:
        return self._reach(lambda: runs.run_tags(self._connect(), run_id)) or {}

    def open(self, *, run_name: str, run_dir: Path, tags: Mapping[str, str], parent: str | None = None) -> None:
        super().open(run_name=run_name, run_dir=run_dir, tags=tags, parent=parent)
        self.run_id, self._outbox, self._stored_params, self.complete = None, None, set(), False
        self._reach(lambda: self._start(run_name, _legal(tags) | runs.of_sweep(parent)))

    def join(self, run_key: str, parent: str) -> None:
        self._reach(lambda: runs.join(self._connect(), self.experiment_id, run_key, parent))

    def _reach(self, action: Callable[[], Result]) -> Result | None:
        """The action's result, or None where the store does not answer and the user goes on without."""
        if self._unreachable:
            return None
        try:
            return action()
        except store.Unreachable as error:
            if self.on_unreachable == "error":
                raise
            self._unreachable = True
            log.warning("Training without MLflow, metrics in the run's folder only: %s", error)
            return None

    def _connect(self) -> MlflowClient:
        if self._client is None:
            client = store.connect(self.uri)
            location = self.artifact_location
            self.experiment_id = store.experiment_id(client, self.experiment, location, self.uri)
            self._client = client
        return self._client

    def _start(self, run_name: str, tags: dict[str, str]) -> None:
        client, stored = self._connect(), set()
        run = runs.of_training(client, self.experiment_id, tags.get("training", ""))
        if run is None:
            runs.end_abandoned(client, self.experiment_id, tags)
            self.run_id = runs.create(client, self.experiment_id, run_name, tags)
        else:
            stored = runs.reopen(client, run, tags)
            self.run_id = run.info.run_id
            self._stored_params = set(run.data.params)
        self._outbox = Outbox(client, self.uri, self.run_id, stored)

    def replay(self, history: Sequence[tuple[Mapping[str, float], int]]) -> None:
        super().replay(history)
        if self._outbox:
            times = {record["step"]: record["time"] for record in read_metrics(self.metrics_path)}
            for metrics, step in history:
                self._outbox.points(metrics, step, times.get(step, time.time()))

    def params(self, params: Mapping[str, Any]) -> None:
        # A parameter cannot change in MLflow; a continued run keeps its first values.
        new = {key: value for key, value in as_params(params).items() if key not in self._stored_params}
        self._stored_params |= set(new)
        self._send(runs.log_params, new)

    def metrics(self, metrics: Mapping[str, float], step: int) -> None:
        super().metrics(metrics, step)
        if self._outbox:
            self._outbox.points(metrics, step, time.time())

    def artifact(self, path: Path, folder: str | None = None) -> None:
        super().artifact(path, folder)
        self._send(runs.log_artifact, Path(path).resolve(), folder, to_artifacts=True)

    def figure(self, figure: Any, name: str) -> None:
        super().figure(figure, name)
        path = self.run_dir and self.run_dir / "figures" / name
        if path and path.exists():
            self.artifact(path, "figures")

    def model(self, model: Any, *, inputs: Any, outputs: Any, step: int = 0) -> None:
        if self.log_model:
            self._send(runs.log_model, model, inputs, outputs, step, to_artifacts=True)

    def dataset(self, dataset: Dataset) -> None:
        if self.log_datasets:
            self._send(runs.log_dataset, dataset)

    def tags(self, tags: Mapping[str, str]) -> None:
        self._send(runs.log_tags, _legal(tags))

    def _send(self, action: Callable, *args: Any, to_artifacts: bool = False) -> None:
        if self._outbox:
            self._outbox.send(action, *args, to_artifacts=to_artifacts)

    def flush(self) -> None:
        if self._outbox:
            self._outbox.flush()

    def close(self, status: Status) -> None:
        outbox, self._outbox = self._outbox, None
        if outbox:
            self.complete = outbox.close(status)

    def where(self) -> str:
        return self._where(self.run_id)

    def page(self, tags: Mapping[str, str], metric: str, ascending: bool) -> str:
        # Without an order of its own the page would show the parents of these runs, and the runs only on a click.
        order = {"orderByKey": f"metrics.`{metric}`", "orderByAsc": str(ascending).lower()}
        condition = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        query = {"workflowType": "machine_learning", "searchFilter": condition, **order}
        return f"#/experiments/{self.experiment_id}/runs?{urlencode(query, quote_via=quote)}"

    def _where(self, run_id: str | None) -> str:
        if self._unreachable:
            return ""
        if not is_server(self.uri):
            return ui_command(self.uri)
        page = f"{without_password(self.uri).rstrip('/')}/#/experiments/{self.experiment_id}"
        return f"{page}/runs/{run_id}" if run_id else page


def _legal(tags: Mapping[str, str]) -> dict[str, str]:
    return {legal_name(key): str(value) for key, value in tags.items()}
