"""One process finds out that a store is down, and the others do not wait for it."""

import os
import time

from lossexp.tracking.outage import PAUSE_SECONDS, Outage

URI = "http://name:secret@127.0.0.1:5000"


def test_others_in_the_folder_know_until_the_store_is_back(tmp_path):
    first, second = Outage(URI, tmp_path), Outage(URI, tmp_path)
    assert not second.recent
    assert first.begin()
    assert not second.begin()  # no news
    assert second.recent
    second.end()
    assert not first.known


def test_after_a_minute_it_may_be_asked_again(tmp_path):
    outage = Outage(URI, tmp_path)
    outage.begin()
    [file] = tmp_path.iterdir()
    os.utime(file, (0, time.time() - PAUSE_SECONDS - 1))
    assert outage.known
    assert not outage.recent


def test_other_stores_and_other_folders_are_not_meant(tmp_path):
    Outage(URI, tmp_path).begin()
    assert not Outage("http://127.0.0.1:6000", tmp_path).known
    assert not Outage(URI, tmp_path / "other").known


def test_no_password_is_written(tmp_path):
    Outage(URI, tmp_path).begin()
    assert "secret" not in "".join(file.read_text() for file in tmp_path.iterdir())


def test_two_stores_of_a_folder_may_be_down_at_a_time(tmp_path):
    stores = [Outage(uri, tmp_path) for uri in (URI, "http://127.0.0.1:6000")]
    for store in stores:
        store.begin()
    assert all(store.recent for store in stores)
    stores[0].end()
    assert [store.known for store in stores] == [False, True]


def test_in_a_folder_that_cannot_be_written_to_the_process_itself_remembers(tmp_path):
    first, second = Outage(URI, tmp_path / "missing"), Outage(URI, tmp_path / "missing")
    assert first.begin()
    assert second.recent
    assert not second.begin()
    second.end()
    assert not first.known
