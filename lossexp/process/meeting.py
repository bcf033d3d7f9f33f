"""Where the workers of a run wait for each other, before any of them trains.

TensorFlow would wait for ever, and hear no Ctrl-C meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import time

from lossexp.base.errors import InputError
from lossexp.process.cluster import Cluster, split

log = logging.getLogger(__name__)

WAIT_SECONDS = 300.0
RETRY_SECONDS = 0.2


def meet(cluster: Cluster, run_key: str, finished: bool = False) -> bool:
    """Waits until all workers are there, and returns whether the run is finished, as the chief says.

    finished: what this worker says.
    Raises InputError where a worker does not come, or comes for another run.
    """
    log.info("worker %d of %d; waiting for the others", cluster.index, len(cluster.addresses))
    until = time.monotonic() + WAIT_SECONDS
    if cluster.index:
        return _ask_chief(cluster, run_key, until)
    return _gather(cluster, run_key, finished, until)


def _gather(cluster: Cluster, run_key: str, finished: bool, until: float) -> bool:
    there: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as open_ones:
        with socket.create_server(("", split(cluster.addresses[0])[1])) as server:
            while missing := set(range(1, len(cluster.addresses))) - set(there):
                server.settimeout(max(until - time.monotonic(), 0.01))
                try:
                    other, _ = server.accept()
                except TimeoutError:
                    raise InputError(
                        f"Of {len(cluster.addresses)} workers these did not come within {WAIT_SECONDS:.0f} s: "
                        f"{', '.join(f'{i} ({cluster.addresses[i]})' for i in sorted(missing))}. Start the same "
                        "command on each, with its own index in TF_CONFIG, and look at what these say."
                    ) from None
                open_ones.enter_context(other)
                said = re.fullmatch(r"worker (\d+) of run (\w+)", _read(other, 10.0))
                if said and int(said[1]) in there:
                    other.sendall(b"taken\n")
                    continue
                if not said or int(said[1]) not in missing:
                    continue  # whoever looks for open ports
                if said[2] != run_key:
                    raise InputError(
                        f"Worker {said[1]} is asked for the run {said[2]}, and this one for {run_key}. Give all "
                        "workers the same command, the same data and the same code of trusted_packages."
                    )
                there[int(said[1])] = other
        for other in there.values():  # once the port is free, for TensorFlow
            other.sendall(b"finished\n" if finished else b"train\n")
    return finished


def _ask_chief(cluster: Cluster, run_key: str, until: float) -> bool:
    while True:
        try:
            with socket.create_connection(split(cluster.addresses[0]), max(until - time.monotonic(), 0.01)) as chief:
                chief.sendall(f"worker {cluster.index} of run {run_key}\n".encode())
                answer = _read(chief, max(until - time.monotonic(), 0.01))
            break
        except OSError as error:
            if time.monotonic() > until:
                raise InputError(
                    f"Worker 0, the chief, cannot be reached at {cluster.addresses[0]} for {WAIT_SECONDS:.0f} s "
                    f"({error}). Start the same command there, and see that the port is open to this machine."
                ) from error
            time.sleep(RETRY_SECONDS)
    if answer == "taken":
        raise InputError(
            f"Worker 0, the chief ({cluster.addresses[0]}), has a worker {cluster.index} already. Give each process an "
            "index of its own in TF_CONFIG, and end those of an earlier start."
        )
    if not answer:
        raise InputError(f"Worker 0, the chief ({cluster.addresses[0]}), ended before training; it says why.")
    return answer == "finished"


def _read(connection: socket.socket, seconds: float) -> str:
    """A line that the other side sends; empty where it is gone, or silent for so long."""
    connection.settimeout(seconds)
    try:
        with connection.makefile(errors="replace") as lines:
            return lines.readline(100).strip()
    except OSError:
        return ""
