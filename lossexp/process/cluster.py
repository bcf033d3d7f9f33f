"""The processes that train one run together: where they are, which of them this one is, and how they meet."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import time
from dataclasses import dataclass

from lossexp.base.errors import InputError

log = logging.getLogger(__name__)

WAIT_SECONDS = 300.0
RETRY_SECONDS = 0.2
EXAMPLE = '{"cluster": {"worker": ["host1:20000", "host2:20000"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Cluster:
    """addresses: `host:port` of each worker. index: this process's; 0 is the chief, which alone writes the run."""

    addresses: tuple[str, ...]
    index: int

    def meet(self, run_key: str, finished: bool = False) -> bool:
        """Waits until all workers are there, and returns whether the run is finished, as the chief says.

        For TensorFlow, which would wait for ever, and hear no Ctrl-C meanwhile. finished: what this worker says.
        Raises InputError where a worker does not come, or comes for another run.
        """
        log.info("worker %d of %d; waiting for the others", self.index, len(self.addresses))
        until = time.monotonic() + WAIT_SECONDS
        return self._ask_chief(run_key, until) if self.index else self._gather(run_key, finished, until)

    def _gather(self, run_key: str, finished: bool, until: float) -> bool:
        there: dict[int, socket.socket] = {}
        with contextlib.ExitStack() as open_ones:
            with socket.create_server(("", _split(self.addresses[0])[1])) as server:
                while missing := set(range(1, len(self.addresses))) - set(there):
                    server.settimeout(max(until - time.monotonic(), 0.01))
                    try:
                        other, _ = server.accept()
                    except TimeoutError:
                        raise InputError(
                            f"Of {len(self.addresses)} workers these did not come within {WAIT_SECONDS:.0f} s: "
                            f"{', '.join(f'{i} ({self.addresses[i]})' for i in sorted(missing))}. Start the same "
                            "command on each, with its own index in TF_CONFIG, and look at what these say."
                        ) from None
                    open_ones.enter_context(other)
                    index, key = _read(other, 10.0).split() or ("0", "")
                    if int(index) in missing and key != run_key:
                        raise InputError(
                            f"Worker {index} is asked for the run {key}, and this one for {run_key}. Give all workers "
                            "the same command, the same data and the same code of trusted_packages."
                        )
                    there[int(index)] = other
            for other in there.values():  # once the port is free, for TensorFlow
                other.sendall(b"finished\n" if finished else b"train\n")
        return finished

    def _ask_chief(self, run_key: str, until: float) -> bool:
        while True:
            try:
                with socket.create_connection(_split(self.addresses[0]), max(until - time.monotonic(), 0.01)) as chief:
                    chief.sendall(f"{self.index} {run_key}\n".encode())
                    answer = _read(chief, max(until - time.monotonic(), 0.01))
                break
            except OSError as error:
                if time.monotonic() > until:
                    raise InputError(
                        f"Worker 0, the chief, cannot be reached at {self.addresses[0]} for {WAIT_SECONDS:.0f} s "
                        f"({error}). Start the same command there, and see that the port is open to this machine."
                    ) from error
                time.sleep(RETRY_SECONDS)
        if not answer:
            raise InputError(f"Worker 0, the chief ({self.addresses[0]}), ended before training; it says why.")
        return answer == "finished"


def this_cluster() -> Cluster:
    """From TF_CONFIG, or of the tasks of a Slurm job step.

    Raises InputError where neither says what the workers are.
    """
    if os.environ.get("TF_CONFIG"):
        return _of_tf_config(os.environ["TF_CONFIG"])
    if int(os.environ.get("SLURM_STEP_NUM_TASKS", 1)) > 1:
        return _of_slurm()
    raise InputError(
        "trainer.strategy=multi_worker needs to know its workers: set TF_CONFIG in each process, such as "
        f"TF_CONFIG='{EXAMPLE}', each with its own index, or start the tasks with Slurm's srun. For the GPUs of one "
        "machine use trainer.strategy=mirrored."
    )


def this_worker() -> int:
    """The index of this process in its cluster; 0 where there is none."""
    text = os.environ.get("TF_CONFIG")
    return _of_tf_config(text).index if text else int(os.environ.get("SLURM_PROCID", 0))


def _of_tf_config(text: str) -> Cluster:
    try:
        config = json.loads(text)
        jobs, task = config["cluster"], config["task"]
        chiefs, workers = list(jobs.get("chief", ())), list(jobs.get("worker", ()))
        index = {"chief": 0, "worker": len(chiefs)}[task["type"]] + int(task["index"])
        for address in (*chiefs, *workers):
            _split(address)
        if not 0 <= index < len(chiefs + workers):
            raise IndexError(f"there is no worker {index}")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(
            f"TF_CONFIG={text} does not name the workers of trainer.strategy=multi_worker "
            f"({type(error).__name__}: {error}). Write it as {EXAMPLE}."
        ) from error
    return Cluster((*chiefs, *workers), index)


def _of_slurm() -> Cluster:
    # Not its SlurmClusterResolver, which sorts hosts by letters (node10 before node2), unlike Slurm's ranks.
    from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver as slurm

    hosts = slurm.expand_hostlist(os.environ["SLURM_STEP_NODELIST"])
    tasks = slurm.expand_tasks_per_node(os.environ["SLURM_STEP_TASKS_PER_NODE"])
    first = 10000 + int(os.environ["SLURM_JOB_ID"]) % 20000  # so that jobs that share a node do not meet
    places = tuple(f"{host}:{first + i}" for host, count in zip(hosts, tasks, strict=True) for i in range(count))
    return Cluster(places, int(os.environ["SLURM_PROCID"]))


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def _read(connection: socket.socket, seconds: float) -> str:
    """A line that the other side sends; empty where it closes, or is silent for so long."""
    connection.settimeout(seconds)
    try:
        with connection.makefile() as lines:
            return lines.readline().strip()
    except TimeoutError:
        return ""
