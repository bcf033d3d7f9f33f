"""The workers of a training find each other, and say what is wrong where they cannot."""

import socket
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from lossexp.base.errors import InputError
from lossexp.process import meeting
from lossexp.process.cluster import Cluster
from lossexp.process.meeting import meet
from tests.workers import addresses


@pytest.mark.parametrize("finished", [True, False])
def test_all_workers_learn_from_the_chief_whether_the_run_is_finished(finished):
    workers = tuple(addresses(3))
    with ThreadPoolExecutor() as pool:
        others = [pool.submit(meet, Cluster(workers, index), "abc") for index in (1, 2)]
        time.sleep(0.5)  # these are there before the chief
        assert meet(Cluster(workers, 0), "abc", finished) is finished
        assert [other.result() for other in others] == [finished, finished]
    with socket.create_server(("127.0.0.1", int(workers[0].rpartition(":")[2]))):
        pass  # the port is free for TensorFlow


def test_a_worker_that_is_asked_for_another_run_stops_both():
    workers = tuple(addresses(2))
    with ThreadPoolExecutor() as pool:
        other = pool.submit(meet, Cluster(workers, 1), "abc")
        with pytest.raises(InputError, match="Worker 1 is asked for the run abc, and this one for def"):
            meet(Cluster(workers, 0), "def")
        with pytest.raises(InputError, match="ended before training"):
            other.result()


def test_a_second_worker_of_an_index_hears_so_and_the_others_meet():
    workers = tuple(addresses(3))
    with ThreadPoolExecutor() as pool:
        chief, *same = (pool.submit(meet, Cluster(workers, index), "abc") for index in (0, 1, 1))
        ended, _ = wait(same, return_when=FIRST_COMPLETED)
        [refused] = ended
        with pytest.raises(InputError, match=r"has a worker 1 already.*an index of its own"):
            refused.result()
        same.remove(refused)
        assert meet(Cluster(workers, 2), "abc") is chief.result() is same[0].result() is False


@pytest.mark.parametrize(("index", "said"), [(0, "did not come within 1 s: 1 "), (1, "the chief, cannot be reached")])
def test_a_worker_that_does_not_come_is_named(index, said, monkeypatch):
    monkeypatch.setattr(meeting, "WAIT_SECONDS", 1.0)
    with pytest.raises(InputError, match=said):
        meet(Cluster(tuple(addresses(2)), index), "abc")


def test_whoever_else_connects_to_the_chief_changes_nothing():
    workers = tuple(addresses(2))
    with ThreadPoolExecutor() as pool:
        chief = pool.submit(meet, Cluster(workers, 0), "abc")
        for said in (b"", b"\n", b"GET / HTTP/1.1\n", b"\xff\xff\n", b"worker 1\n", b"worker 7 of run abc\n"):
            _say(workers[0], said)
        assert meet(Cluster(workers, 1), "abc") is chief.result() is False


def _say(address, said):
    for _ in range(50):
        try:
            with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), 5) as stranger:
                stranger.sendall(said)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the chief never listened")
