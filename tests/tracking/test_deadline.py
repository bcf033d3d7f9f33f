"""Servers that hang or drip cost seconds: deadlines are for whole answers."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from lossexp.base.errors import InputError
from lossexp.tracking import deadline
from lossexp.tracking.deadline import Punctual, within
from lossexp.tracking.mlflow import MLflowTracker
from lossexp.tracking.mlflow_store import answers


@contextmanager
def dripping_server(health=b""):
    """Sends one byte of an endless header each half second; to /health the whole answer `health`, if any."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def serve(connection):
            asked = connection.recv(4096)
            if health and b"/health" in asked:
                connection.sendall(health)
                return connection.close()
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not stop.wait(0.5):
                try:
                    connection.sendall(b"x")
                except OSError:
                    break
            return connection.close()

        def accept():
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stop.set()


def test_within_gives_results_and_errors_and_ends_in_time():
    assert within(5, int, "7") == 7
    with pytest.raises(ValueError, match="invalid literal"):
        within(5, int, "x")
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="no whole answer"):
        within(0.2, time.sleep, 30)
    assert time.monotonic() - began < 5


def test_a_server_that_sends_a_byte_at_a_time_does_not_answer():
    with dripping_server() as uri:
        began = time.monotonic()
        assert not answers(uri)
        assert time.monotonic() - began < 10


def test_a_server_that_is_well_but_whose_answers_never_end_is_an_error_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr(deadline, "CALL_SECONDS", 1.0)
    with dripping_server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK") as uri:
        assert answers(uri)
        began = time.monotonic()
        with pytest.raises(InputError, match="no whole answer within 1 s"):
            MLflowTracker(uri=uri, root=tmp_path).find("x")
        assert time.monotonic() - began < 10


class Client:
    registry = "a value"

    def log_artifact(self, run_id, local_path, folder=None):
        time.sleep(0.5)
        return folder


def test_an_upload_has_time_by_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(deadline, "CALL_SECONDS", 0.05)
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x")
    large.write_bytes(bytes(2_500_000))
    client = Punctual(Client())
    assert client.registry == "a value"
    assert client.log_artifact("run", str(large), "a") == "a"
    with pytest.raises(TimeoutError):
        client.log_artifact("run", str(small), "a")
