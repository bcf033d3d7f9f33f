"""Opening an MLflow store: reachable, created once, and with an experiment whose artifacts stay put."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from filelock import Timeout

from lossexp.base.errors import InputError
from lossexp.tracking.breaker import summary
from lossexp.tracking.deadline import Punctual, within
from lossexp.tracking.mlflow_sqlite import LOCK_SECONDS, creation_lock, make_where_missing
from lossexp.tracking.uri import is_server, sqlite_path, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

HTTP_DEFAULTS = {
    # MLflow's own (7 tries, growing pauses, 120 s each) let one call to a dead server block for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # `where` says it
}
PROBE_SECONDS = 3


class Unreachable(InputError):
    """The store does not answer; `tracking.on_unreachable=warn` trains without it."""


def connect(uri: str) -> MlflowClient:
    """A client of the store at `uri` (resolved), which answers; a SQLite file is created where missing.

    Raises Unreachable within seconds where it does not answer.
    """
    logging.getLogger("mlflow.store").setLevel(logging.WARNING)  # tells of every table it creates
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # tells of every try
    for name, value in HTTP_DEFAULTS.items():
        os.environ.setdefault(name, value)
    if is_server(uri) and not answers(uri):
        raise Unreachable(_unreachable(uri))
    from mlflow import MlflowClient

    try:
        with creation_lock(uri):
            database = sqlite_path(uri)
            if database:
                make_where_missing(database)
            client = MlflowClient(uri, registry_uri=uri)
            client = Punctual(client) if is_server(uri) else client
            client.search_experiments(max_results=1)  # the first touch makes the tables of other databases
    except InputError:
        raise
    except Timeout as error:
        raise InputError(
            f"another process has held {error.lock_file} for {LOCK_SECONDS} s while opening {uri}. "
            "Wait for it, or delete the lock file if no such process runs."
        ) from error
    except Exception as error:
        raise Unreachable(
            f"tracking.uri={without_password(uri)} cannot be opened: {summary(error)}. "
            "Name another store, or use tracking=none."
        ) from error
    return client


def answers(uri: str) -> bool:
    """Whether something answers HTTP at `uri` within seconds, whatever it says."""
    import requests

    try:
        page = f"{uri.rstrip('/')}/health"
        within(PROBE_SECONDS, requests.get, page, timeout=PROBE_SECONDS, allow_redirects=False)
    except requests.exceptions.SSLError:
        return True  # it is there; whether its certificate is good is for MLflow's settings to say
    except (requests.exceptions.RequestException, TimeoutError):
        return False
    return True


def experiment_id(client: MlflowClient, name: str, artifact_location: str | None, uri: str) -> str:
    """Id of the experiment, created where missing. Raises InputError where it cannot be used."""
    try:
        with creation_lock(uri):
            found = client.get_experiment_by_name(name)
            if found is None:
                return _create_experiment(client, name, artifact_location)
    except Exception as error:
        raise InputError(f"tracking.experiment={name!r} cannot be used: {summary(error)}.") from error
    if found.lifecycle_stage != "active":
        raise InputError(
            f"tracking.experiment={name!r} was deleted in this store. Choose another name, or restore it: "
            f"MLFLOW_TRACKING_URI={without_password(uri)} "
            f"mlflow experiments restore --experiment-id {found.experiment_id}"
        )
    return found.experiment_id


def _create_experiment(client: MlflowClient, name: str, artifact_location: str | None) -> str:
    try:
        return client.create_experiment(name, artifact_location=artifact_location)
    except Exception:
        found = client.get_experiment_by_name(name)  # another process may have been faster
        if found is None:
            raise
        return found.experiment_id


def _unreachable(uri: str) -> str:
    return (
        f"no MLflow server answers at tracking.uri={without_password(uri)}. Start one there "
        "(mlflow server --host 127.0.0.1 --port 5000), log to a file instead (tracking.uri=null), train "
        "without tracking (tracking=none), or keep metrics in the run's folder until the server is back "
        "(tracking.on_unreachable=warn)."
    )
