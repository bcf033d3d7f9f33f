"""Checkpoints by themselves: at each moment a whole one is there, and a damaged one is found out."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.trainer.checkpoint import Checkpoints


@pytest.fixture
def variable():
    return keras.Variable(np.zeros(3, np.float32))


def save(folder, variable, step, value):
    variable.assign(np.full(3, value, np.float32))
    return Checkpoints(folder, {"model": [variable]}).save(step, {"value": value, "best": 0.125}, {"a": np.arange(2)})


def restored(folder, variable):
    """The value in the data and in the variable, which must agree."""
    loaded = Checkpoints(folder, {"model": [variable]}).restore()
    assert np.asarray(variable).tolist() == [loaded.data["value"]] * 3
    return loaded.data["value"]


def test_a_step_saved_again_is_replaced(tmp_path, variable):
    assert save(tmp_path, variable, 5, 1.0)
    assert save(tmp_path, variable, 5, 2.0)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000005"]
    assert restored(tmp_path, variable) == 2.0


@pytest.mark.parametrize("moves", [0, 1])
def test_a_kill_while_a_step_is_saved_again_leaves_a_whole_one(moves, tmp_path, variable, monkeypatch):
    class Killed(BaseException):
        pass

    save(tmp_path, variable, 5, 1.0)
    replace, done = os.replace, []

    def killing(*args):
        if len(done) == moves:
            raise Killed
        done.append(args)
        replace(*args)

    monkeypatch.setattr(os, "replace", killing)
    with pytest.raises(Killed):
        save(tmp_path, variable, 5, 2.0)
    monkeypatch.undo()
    assert restored(tmp_path, variable) == 1.0
    save(tmp_path, variable, 5, 3.0)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000005"]
    assert restored(tmp_path, variable) == 3.0


def test_what_a_dead_process_left_unfinished_is_removed(tmp_path, variable):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [f".unfinished-{number}" for number in (dead.pid, os.getpid(), os.getppid())]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "arrays.npz").touch()
    save(tmp_path, variable, 5, 1.0)
    assert {p.name for p in tmp_path.iterdir()} == {"step-000000005", names[2]}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("0.125", "0.126"),
        lambda text: text.replace('"value": 2.0', '"value": 3.0'),
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "{}",
        lambda text: "null",
        lambda text: '{"content": [], "sha256": 1}',
    ],
)
def test_a_damaged_state_falls_back_to_the_checkpoint_before(damage, tmp_path, variable, caplog):
    save(tmp_path, variable, 5, 1.0)
    save(tmp_path, variable, 6, 2.0)
    state = tmp_path / "step-000000006" / "state.json"
    changed = damage(state.read_text())
    assert changed != state.read_text()
    state.write_text(changed)
    assert restored(tmp_path, variable) == 1.0
    assert "damaged" in caplog.text


@pytest.mark.parametrize("file", ["arrays.npz", "variables.index", "variables.data-00000-of-00001", "state.json"])
def test_where_all_are_damaged_the_error_says_so(file, tmp_path, variable):
    save(tmp_path, variable, 5, 1.0)
    (tmp_path / "step-000000005" / file).unlink()
    with pytest.raises(InputError, match=r"All checkpoints .* are damaged"):
        restored(tmp_path, variable)


def test_the_folder_is_synced_after_the_checkpoint_is_moved_there(tmp_path, variable, monkeypatch):
    synced, fsync = [], os.fsync

    def noting(descriptor):
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), (tmp_path / "step-000000005").exists()))
        fsync(descriptor)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc to know which file a descriptor is of")
    monkeypatch.setattr(os, "fsync", noting)
    save(tmp_path, variable, 5, 1.0)
    assert synced[-1] == (str(tmp_path), True)
    assert all(not there for _, there in synced[:-1])
