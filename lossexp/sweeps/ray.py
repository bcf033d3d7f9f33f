"""Jobs of a sweep as tasks of a Ray cluster."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import ray

from lossexp.base.errors import InputError
from lossexp.sweeps.elsewhere import Task

GOES_ALONG = ("MLFLOW_", "TF_")  # variables of the environment that jobs get, as Slurm gives them all
SECONDS_TO_ANSWER = 5
SECONDS_TO_STOP = 30  # in which a cancelled job writes its checkpoint and closes its run


class Ray:
    """An `Engine`: each task in a fresh worker process; Ray starts it again elsewhere where that is lost.

    init: arguments of `ray.init`. remote: those of `ray.remote`, which say what a job needs and how often it is tried.
    Raises InputError where there is no cluster.
    """

    def __init__(self, init: Mapping[str, Any], remote: Mapping[str, Any]):
        address = init.get("address") or "local"
        try:
            if ":" in address and "://" not in address:  # Ray itself would try for ten minutes
                host, _, port = address.rpartition(":")
                socket.create_connection((host, int(port)), timeout=SECONDS_TO_ANSWER).close()
            if not ray.is_initialized():  # a search gives jobs several times
                ray.init(**init)
        except (OSError, ValueError) as error:
            raise InputError(
                f"hydra.launcher.init.address={address} leads to no Ray cluster ({str(error).rstrip('.')}). Start one "
                "with `ray start --head`, or give the address that it printed."
            ) from error
        self._call = ray.remote(max_calls=1, **remote)(_call)
        self._environment = {name: value for name, value in os.environ.items() if name.startswith(GOES_ALONG)}

    def submit(self, tasks: Sequence[Task]) -> list[ray.ObjectRef]:
        return [self._call.remote(task, self._environment) for task in tasks]

    def done(self, handle: ray.ObjectRef) -> bool:
        return bool(ray.wait([handle], timeout=0)[0])

    def lost(self, handle: ray.ObjectRef) -> str:
        try:
            ray.get(handle)
        except Exception as error:
            return f"{(str(error) or repr(error)).splitlines()[0].rstrip('.')}."
        return "it ended without a result."

    def cancel(self, handles: Sequence[ray.ObjectRef]) -> None:
        for handle in handles:
            ray.cancel(handle)
        if handles:
            ray.wait(list(handles), num_returns=len(handles), timeout=SECONDS_TO_STOP)


def _call(task: Task, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    task()
