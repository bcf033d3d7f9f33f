"""A file or folder is the old one or the new one, whatever happens while it is written."""

import os

import pytest

from lossexp.base.files import whole


def make(path, text, is_folder):
    with whole(path) as unfinished:
        if is_folder:
            unfinished.mkdir()
        (unfinished / "inner" if is_folder else unfinished).write_text(text)


def content(path):
    return (path / "inner" if path.is_dir() else path).read_text()


def broken(path, is_folder):
    with whole(path) as unfinished:
        if is_folder:
            unfinished.mkdir()
        (unfinished / "inner" if is_folder else unfinished).write_text("half")
        raise OSError("no space left")


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_fails_half_way_leaves_the_old_one_and_nothing_else(is_folder, tmp_path):
    path = tmp_path / "new" / "thing"
    make(path, "old", is_folder)
    with pytest.raises(OSError, match="no space left"):
        broken(path, is_folder)
    assert content(path) == "old"
    make(path, "new", is_folder)
    assert content(path) == "new"
    assert os.listdir(path.parent) == ["thing"]


def test_only_what_a_process_left_unfinished_is_removed(tmp_path):
    of_others = {f".unfinished-{os.getppid()}", ".unfinished-symphony", ".unfinished-8th"}
    for name in of_others | {".unfinished-99999999", f".unfinished-{os.getpid()}"}:
        (tmp_path / name).mkdir()
    (tmp_path / ".unfinished-99999999.db-journal").touch()
    make(tmp_path / "thing", "new", False)
    assert set(os.listdir(tmp_path)) == {"thing", *of_others}


def test_a_name_keeps_its_ending(tmp_path):
    with whole(tmp_path / "model.keras") as unfinished:
        assert unfinished.suffix == ".keras"
        unfinished.touch()
