"""The processes that train one run together: where they are, and which of them this one is."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from lossexp.base.errors import InputError
from lossexp.process.importing import first_import

EXAMPLE = '{"cluster": {"worker": ["host1:20000", "host2:20000"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Cluster:
    """addresses: `host:port` of each worker. index: this process's; 0 is the chief, which alone writes the run."""

    addresses: tuple[str, ...]
    index: int


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
            split(address)
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
    with first_import("tensorflow"):
        from tensorflow.python.distribute.cluster_resolver import slurm_cluster_resolver as slurm

    hosts = slurm.expand_hostlist(os.environ["SLURM_STEP_NODELIST"])
    tasks = slurm.expand_tasks_per_node(os.environ["SLURM_STEP_TASKS_PER_NODE"])
    first = 10000 + int(os.environ["SLURM_JOB_ID"]) % 20000  # so that jobs that share a node do not meet
    places = tuple(f"{host}:{first + i}" for host, count in zip(hosts, tasks, strict=True) for i in range(count))
    return Cluster(places, int(os.environ["SLURM_PROCID"]))


def split(address: str) -> tuple[str, int]:
    """Host and port."""
    host, _, port = address.rpartition(":")
    return host, int(port)
