import socket
import subprocess
import sys
import threading
import time

import pytest

from lossexp.base.errors import InputError
from lossexp.datasets import preparation
from lossexp.datasets.preparation import check_allowed, reachable
from lossexp.datasets.tfds import load


def test_without_permission_the_answer_comes_at_once_and_nothing_is_written(tmp_path):
    folder = tmp_path / "data"
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"mnist is not prepared in .*data\. Set dataset\.download=true"):
        load("mnist", data_dir=str(folder))
    assert time.perf_counter() - start < 1
    assert not folder.exists()


def test_the_answer_needs_neither_tensorflow_nor_scikit_learn():
    asking = (
        "import sys; from lossexp.datasets.tfds import load\n"
        "try: load('mnist', data_dir='/nowhere')\n"
        "except ValueError: print(sorted({'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_an_unfinished_folder_is_not_taken_for_prepared(tmp_path):
    (tmp_path / "digits_on_demand").mkdir()
    import tests.datasets.builders  # noqa: F401  registers digits_on_demand

    with pytest.raises(InputError, match=r"not prepared .*dataset\.download=true"):
        load("digits_on_demand", data_dir=str(tmp_path))


@pytest.mark.parametrize("name", ["mnist", "mnist/plain", "mnist:3.0.1"])
def test_files_of_a_name_are_looked_for_without_config_and_version(tmp_path, name):
    with pytest.raises(InputError):
        check_allowed(name, tmp_path, download=False)
    (tmp_path / "mnist").mkdir()
    check_allowed(name, tmp_path, download=False)


def test_without_a_network_the_answer_comes_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr(preparation, "reachable", lambda: False)
    with pytest.raises(InputError, match=r"does not answer within 3 seconds.*dataset\.data_dir"):
        load("mnist", data_dir=str(tmp_path), download=True)


def test_with_permission_it_is_prepared_once_for_all(tmp_path, monkeypatch):
    from tests.datasets.builders import DigitsOnDemand

    prepared, loaded = [], []
    original = DigitsOnDemand.download_and_prepare
    monkeypatch.setattr(preparation, "reachable", lambda: True)
    monkeypatch.setattr(DigitsOnDemand, "download_and_prepare", lambda self: (prepared.append(1), original(self)))

    def ask():
        loaded.append(load("digits_on_demand", data_dir=str(tmp_path), download=True))

    together = [threading.Thread(target=ask) for _ in range(3)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert len(loaded) == 3
    assert len(prepared) == 1
    assert len(load("digits_on_demand", data_dir=str(tmp_path)).test) == 100  # and then without permission


def test_a_failing_preparation_is_explained(tmp_path, monkeypatch):
    from tests.datasets.builders import DigitsOnDemand

    def fail(self):
        raise OSError("disk full")

    monkeypatch.setattr(preparation, "reachable", lambda: True)
    monkeypatch.setattr(DigitsOnDemand, "download_and_prepare", fail)
    with pytest.raises(InputError, match=r"could not prepare it in .*disk full"):
        load("digits_on_demand", data_dir=str(tmp_path), download=True)


@pytest.fixture
def no_proxy(monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_listening_host_is_reachable(no_proxy, server):
    assert reachable("127.0.0.1", server)


def test_a_closed_port_is_not(no_proxy):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert not reachable("127.0.0.1", port)


def test_the_way_through_a_proxy_counts(no_proxy, server, monkeypatch):
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server}")
    assert reachable("host.invalid")


def test_a_slow_name_server_does_not_hold_up_the_answer(no_proxy, monkeypatch):
    def look_up_slowly(*args, **kwargs):
        time.sleep(2)
        raise OSError("no such host")

    monkeypatch.setattr(socket, "create_connection", look_up_slowly)
    start = time.perf_counter()
    assert not reachable("host.invalid", seconds=0.2)
    assert time.perf_counter() - start < 1
