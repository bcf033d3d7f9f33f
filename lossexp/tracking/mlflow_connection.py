"""An experiment of an MLflow store, connected to when it is needed, and left alone while the store is down."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lossexp.tracking import mlflow_store as store
from lossexp.tracking.outage import Outage
from lossexp.tracking.uri import is_server, without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)
Result = TypeVar("Result")
KEPT = "What it should have is kept in the run's folder, and sent once it is back."


class Connection:
    """folder: where an outage is noted for other processes. goes_on: whether the user goes on without a store that
    does not answer. For the others see `MLflowTracker`.

    Attributes `client` and `experiment_id`: None until the store has answered.
    """

    def __init__(self, uri: str, experiment: str, artifact_location: str | None, folder: Path, goes_on: bool):
        self.uri, self.experiment, self.artifact_location = uri, experiment, artifact_location
        self.goes_on = goes_on
        self.outage = Outage(uri, folder)
        self.client: MlflowClient | None = None
        self.experiment_id: str | None = None

    def call(self, action: Callable[[MlflowClient, str], Result]) -> Result:
        """`action(client, experiment_id)`. Raises Unreachable where the store does not answer, or the action does."""
        if self.client is None:
            client = store.connect(self.uri)
            self.experiment_id = store.experiment_id(client, self.experiment, self.artifact_location, self.uri)
            self.client = client
        elif is_server(self.uri) and not store.answers(self.uri):
            raise store.Unreachable(f"MLflow at {without_password(self.uri)} does not answer.")
        return action(self.client, self.experiment_id)

    def reach(
        self, action: Callable[[MlflowClient, str], Result], goes_on: bool = False, now: bool = False
    ) -> Result | None:
        """The same; None where the store does not answer and the user, or this caller, goes on without.

        Then the store is asked at most once a minute, unless `now`.
        """
        goes_on = goes_on or self.goes_on
        if goes_on and self.outage.recent and not now:
            return None
        try:
            result = self.call(action)
        except store.Unreachable as error:
            news = self.outage.begin()
            if not goes_on:
                raise
            if news:
                log.warning("Training goes on without MLflow (%s). %s", str(error).split(". ")[0], KEPT)
            return None
        self.outage.end()
        return result
