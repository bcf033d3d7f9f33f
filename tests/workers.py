"""The processes of one training, on this machine: each told of all by TF_CONFIG."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[1]


def addresses(count: int) -> list[str]:
    """Ports that are free now, on 127.0.0.1."""
    with ExitStack() as held:
        servers = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [f"127.0.0.1:{server.getsockname()[1]}" for server in servers]


def tf_config(workers: Sequence[str], index: int) -> str:
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})


def start_workers(command: Sequence[str], folder: Path, count: int = 2, shared: bool = True) -> list[subprocess.Popen]:
    """The same command in each worker, the chief's first. shared: all in one folder, or each in one of its own."""
    workers = addresses(count)
    return [
        subprocess.Popen(
            command,
            cwd=folder if shared else folder / str(index),
            env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CONFIG": tf_config(workers, index)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(count)
    ]


def outputs_of(processes: Sequence[subprocess.Popen], codes: Sequence[int] | None = None) -> list[str]:
    """What each printed, once all have ended with these exit codes, or with 0."""
    try:
        outputs = [process.communicate(timeout=240)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == list(codes or [0] * len(processes)), "\n".join(outputs)
    return outputs
