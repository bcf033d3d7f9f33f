"""A run's folder: one owner, one training at a time, and nothing taken for done that is not."""

import json
import zipfile

import pytest

from lossexp.base.errors import InputError
from lossexp.base.model_files import MODEL
from lossexp.experiment.result import Result, write_result
from lossexp.experiment.run_folder import RESULTS, RunFolder, damaged

SCORES = Result(run_key="a", test={"accuracy": 1.0}, monitor="val/accuracy", best=1.0, last=1.0, best_epoch=1)


def fill(path, model=MODEL):
    """The results of the run `a`, as far as the folder is concerned."""
    path.mkdir(exist_ok=True)
    for name in (*RESULTS, model):
        with zipfile.ZipFile(path / name, "w") as archive:
            archive.writestr("content", name)
    write_result(path, SCORES)


def train(path, rerun=False, ends_with=None, result=fill):
    """Attempts the run `a`; returns its training's id, and whether checkpoints of it were there."""
    folder = RunFolder(path, "a")
    with folder.attempt(rerun):
        continued = folder.checkpoints.exists()
        folder.checkpoints.mkdir(exist_ok=True)
        if ends_with:
            raise ends_with
        result(path)
    folder.close()
    return folder.training, continued


def interrupt(path, error, rerun=False):
    with pytest.raises(type(error)):
        train(path, rerun, ends_with=error)
    return RunFolder(path, "a").training


def test_a_folder_of_another_run_is_refused_and_left_as_it_is(tmp_path):
    train(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    with pytest.raises(InputError, match=r"belongs to the run a, and this run is b.*output="):
        RunFolder(tmp_path, "b")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_a_folder_is_owned_before_anything_is_in_it(tmp_path):
    RunFolder(tmp_path, "a")
    with pytest.raises(InputError, match="belongs to the run a"):
        RunFolder(tmp_path, "b")


def test_a_finished_folder_of_an_earlier_version_is_known_by_its_scores(tmp_path):
    fill(tmp_path)
    with pytest.raises(InputError, match="belongs to the run a"):
        RunFolder(tmp_path, "b")
    folder = RunFolder(tmp_path, "a")
    assert folder.closed
    assert folder.problems() == []
    (tmp_path / "model.keras").write_bytes((tmp_path / "model.keras").read_bytes()[:-30])
    assert RunFolder(tmp_path, "a").problems() == ["model.keras is damaged"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"run_key": 5}', b'{"run_key": "a", "x": 1}'])
def test_an_unreadable_run_json_is_written_anew_and_the_run_closed_anew(content, tmp_path):
    train(tmp_path)
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(InputError, match="belongs to the run a"):
        RunFolder(tmp_path, "b")
    folder = RunFolder(tmp_path, "a")
    assert not folder.closed
    assert json.loads((tmp_path / "run.json").read_text())["training"] == folder.training


@pytest.mark.parametrize("name", [*RESULTS, MODEL])
def test_a_result_that_is_gone_or_changed_is_named(name, tmp_path):
    train(tmp_path)
    assert RunFolder(tmp_path, "a").problems() == []
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert RunFolder(tmp_path, "a").problems() == [f"{name} is damaged"]
    (tmp_path / name).unlink()
    assert RunFolder(tmp_path, "a").problems() == [f"{name} is missing"]
    assert damaged(tmp_path, {}, [n for n in RESULTS if n != name]) == [f"{name} is missing"] * (name == MODEL)


def test_the_same_training_goes_on_until_it_is_closed(tmp_path):
    begun = interrupt(tmp_path, KeyboardInterrupt())
    assert interrupt(tmp_path, ValueError("no")) == begun
    assert train(tmp_path) == (begun, True)


def test_rerun_is_another_training_without_results_and_checkpoints_of_the_one_before(tmp_path):
    before, _ = train(tmp_path)

    def look(path):
        assert not [name for name in RESULTS if (path / name).exists()]
        assert not (path / MODEL).exists()
        fill(path)

    after, continued = train(tmp_path, rerun=True, result=look)
    assert after != before
    assert not continued


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(143)])
@pytest.mark.parametrize("again", [True, False])
def test_an_interrupted_rerun_is_continued_by_the_same_command_and_without_rerun_too(stop, again, tmp_path):
    before, _ = train(tmp_path)
    begun = interrupt(tmp_path, stop, rerun=True)
    assert begun != before
    assert train(tmp_path, rerun=again) == (begun, True)
    assert train(tmp_path, rerun=True)[0] != begun


def test_a_rerun_killed_before_it_has_removed_everything_removes_the_rest(tmp_path, monkeypatch):
    train(tmp_path)
    monkeypatch.setattr(
        "lossexp.experiment.run_folder.shutil.rmtree", lambda path: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    begun = interrupt(tmp_path, KeyboardInterrupt(), rerun=True)
    monkeypatch.undo()
    assert (tmp_path / "checkpoints").exists()
    assert train(tmp_path, rerun=True) == (begun, False)


def test_a_rerun_that_failed_starts_anew(tmp_path):
    train(tmp_path)
    begun = interrupt(tmp_path, ValueError("no"), rerun=True)
    training, continued = train(tmp_path, rerun=True)
    assert training != begun
    assert not continued
