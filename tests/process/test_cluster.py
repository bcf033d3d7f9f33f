"""Where the workers of a training are said to be."""

import json

import pytest

from lossexp.base.errors import InputError
from lossexp.process.cluster import Cluster, this_cluster, this_worker
from tests.workers import tf_config


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in ("TF_CONFIG", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"):
        monkeypatch.delenv(name, raising=False)


def test_the_workers_are_those_of_tf_config_a_chief_first(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config(["a:1", "b:2"], 1))
    assert this_cluster() == Cluster(("a:1", "b:2"), 1)
    named = {"cluster": {"worker": ["b:2", "c:3"], "chief": ["a:1"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(named))
    assert this_cluster() == Cluster(("a:1", "b:2", "c:3"), 2)
    assert this_worker() == 2


def test_the_workers_are_the_tasks_of_a_slurm_step_in_the_order_of_their_ranks(monkeypatch):
    step = {"STEP_NUM_TASKS": 5, "STEP_NODELIST": "node[2,10]", "STEP_TASKS_PER_NODE": "3,2", "JOB_ID": 7, "PROCID": 4}
    for name, value in step.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    first = [f"node2:{10007 + i}" for i in range(3)]
    assert this_cluster() == Cluster((*first, "node10:10007", "node10:10008"), 4)
    assert this_worker() == 4


def test_a_process_of_no_cluster_is_worker_0_and_is_told_what_to_set():
    assert this_worker() == 0
    with pytest.raises(InputError, match=r"set TF_CONFIG in each process, such as .*strategy=mirrored"):
        this_cluster()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        tf_config(["a:1"], 1),
        tf_config(["a:1"], -1),
        tf_config(["a"], 0),
        tf_config(["a:1"], 0).replace('"type": "worker"', '"type": "evaluator"'),
    ],
)
def test_a_tf_config_that_names_no_workers_is_refused_with_one_that_does(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=r"does not name the workers.* Write it as \{"):
        this_cluster()
