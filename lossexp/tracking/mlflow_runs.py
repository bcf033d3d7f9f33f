"""What is done to one MLflow run, each as a function of (client, ...)."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lossexp.tracking.breaker import summary
from lossexp.tracking.journal import Journal, Opening
from lossexp.tracking.mlflow_store import Unreachable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

LONGEST_TAG = 5000
PARENT = "mlflow.parentRunId"


class Point(NamedTuple):
    """One value of a metric. at: milliseconds since 1970."""

    key: str
    value: float
    step: int
    at: int


class Stored(NamedTuple):
    """What a run of the store has. points: `(metric, step)` of each."""

    run_id: str
    points: set[tuple[str, int]]
    params: set[str]
    has_parent: bool


def run_tags(client: MlflowClient, run_id: str) -> dict[str, str]:
    """The tags of a run; empty where there is no such run."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id).data.tags
    except MlflowException:
        return {}


def of_training(client: MlflowClient, experiment_id: str, opening: Opening) -> Run | None:
    """The run with the same `training` tag, whatever its status: one training is one run, however often interrupted."""
    training = opening.tags.get("training")
    found = _search(client, experiment_id, f"tags.training = '{_unquoted(training)}'") if training else []
    return found[0] if found else None


def of_sweep(parent: str | None) -> dict[str, str]:
    """Tags of a job of a sweep: MLflow shows a run below one parent, but it may belong to several sweeps."""
    return {PARENT: parent, f"sweep.{parent}": "true"} if parent else {}


def new_tags(tags: Mapping[str, str], has_parent: bool) -> dict[str, str]:
    """Without the parent where the run has one: it stays below that."""
    return {name: value for name, value in tags.items() if name != PARENT or not has_parent}


def join(client: MlflowClient, experiment_id: str, run_key: str, parent: str | None) -> bool:
    """Makes the newest finished run of this key belong to a sweep; whether there is such a run."""
    run = newest_finished(client, experiment_id, run_key)
    if run and parent:
        log_tags(client, run.info.run_id, new_tags(of_sweep(parent), PARENT in run.data.tags))
    return run is not None


def join_by_journal(journal: Journal, parent: str | None) -> None:
    """Makes the run of a journal belong to a sweep once the journal is sent."""
    told = journal.tags
    if missing := {name: value for name, value in of_sweep(parent).items() if name not in told}:
        journal.add("tags", missing)


def end_abandoned(client: MlflowClient, experiment_id: str, tags: Mapping[str, str]) -> None:
    """Ends as KILLED what still runs for the same run in the same folder of this machine, which one process has."""
    if not {"run_key", "run_dir", "host.name"} <= tags.keys():
        return
    same = " and ".join(f"tags.`{name}` = '{_unquoted(tags[name])}'" for name in ("run_key", "run_dir", "host.name"))
    for run in _search(client, experiment_id, f"{same} and attributes.status = 'RUNNING'", limit=100):
        terminate(client, run.info.run_id, "KILLED")


def newest_finished(client: MlflowClient, experiment_id: str, run_key: str) -> Run | None:
    """The newest finished run with this `run_key` tag."""
    finished = f"tags.run_key = '{_unquoted(run_key)}' and attributes.status = 'FINISHED'"
    found = _search(client, experiment_id, finished)
    return found[0] if found else None


def _search(client: MlflowClient, experiment_id: str, condition: str, limit: int = 1) -> list[Run]:
    """Runs of the experiment, the newest first."""
    order = ["attributes.start_time DESC"]
    try:
        return list(client.search_runs([experiment_id], condition, order_by=order, max_results=limit))
    except Exception as error:
        raise Unreachable(f"the MLflow store cannot be searched: {summary(error)}") from error


def _unquoted(text: str) -> str:
    return text.replace("'", "")


def start(client: MlflowClient, experiment_id: str, opening: Opening, ended: bool = False) -> Stored:
    """Creates the run of this training, or continues it. ended: it is not set RUNNING again.

    Raises Unreachable where the store refuses.
    """
    run = of_training(client, experiment_id, opening)
    if run:
        return _reopen(client, run, opening.tags, ended)
    end_abandoned(client, experiment_id, opening.tags)
    began = int(opening.time * 1000)
    try:
        run = client.create_run(experiment_id, began, _cut(opening.tags), opening.run_name)
    except Exception as error:
        raise Unreachable(f"the MLflow store takes no new run: {summary(error)}") from error
    return Stored(run.info.run_id, set(), set(), PARENT in opening.tags)


def _reopen(client: MlflowClient, run: Run, tags: Mapping[str, str], ended: bool) -> Stored:
    run_id, has_parent = run.info.run_id, PARENT in run.data.tags
    try:
        if not ended:
            client.update_run(run_id, status="RUNNING")
        log_tags(client, run_id, new_tags(tags, has_parent))
        history = [point for key in run.data.metrics for point in client.get_metric_history(run_id, key)]
    except Exception as error:
        raise Unreachable(f"MLflow run {run_id} cannot be continued: {summary(error)}.") from error
    return Stored(run_id, {(point.key, point.step) for point in history}, set(run.data.params), has_parent)


def shown() -> dict[str, str]:
    """Tags by which MLflow's pages say who started what."""
    return {"mlflow.source.name": sys.argv[0], "mlflow.source.type": "LOCAL", "mlflow.user": _user()}


def log_params(client: MlflowClient, run_id: str, params: Mapping[str, str]) -> None:
    from mlflow.entities import Param

    client.log_batch(run_id, params=[Param(key, value) for key, value in params.items()])


def log_points(client: MlflowClient, run_id: str, points: Sequence[Point]) -> None:
    from mlflow.entities import Metric

    client.log_batch(run_id, metrics=[Metric(p.key, p.value, p.at, p.step) for p in points])


def log_tags(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in _cut(tags).items()])


def log_artifact(client: MlflowClient, run_id: str, path: Path, folder: str | None) -> None:
    if path.is_dir():
        client.log_artifacts(run_id, str(path), folder)
    else:
        client.log_artifact(run_id, str(path), folder)


def terminate(client: MlflowClient, run_id: str, status: str, at: float | None = None) -> None:
    """at: seconds since 1970; None is now."""
    client.set_terminated(run_id, status, None if at is None else int(at * 1000))


def is_bad_value(error: Exception) -> bool:
    """Whether MLflow refused one value, rather than being out of order."""
    return getattr(error, "error_code", None) == "INVALID_PARAMETER_VALUE"


def _cut(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value if len(value) <= LONGEST_TAG else value[:LONGEST_TAG] for key, value in tags.items()}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        return "unknown"
