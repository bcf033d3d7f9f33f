"""`rerun=true` again after an interruption, and after an error."""

import pytest

from lossexp.rerun import rerun


@pytest.fixture
def finished(tmp_path):
    (tmp_path / "scores.json").write_text("{}")
    (tmp_path / "checkpoints").mkdir()
    return tmp_path


def begin(run_dir, asked=True, ends_with=None):
    with rerun(run_dir, asked, run_dir / "checkpoints") as anew:
        (run_dir / "checkpoints").mkdir(exist_ok=True)
        if ends_with:
            raise ends_with
    return anew


def test_a_rerun_starts_without_scores_and_checkpoints_of_the_run_before(finished):
    with rerun(finished, True, finished / "checkpoints") as anew:
        assert anew
        assert not (finished / "scores.json").exists()
        assert not (finished / "checkpoints").exists()


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_rerun_is_continued_by_the_same_command_once(stop, finished):
    with pytest.raises(type(stop)):
        begin(finished, ends_with=stop)
    assert begin(finished) is False
    assert begin(finished) is True


def test_a_rerun_that_failed_starts_anew(finished):
    with pytest.raises(ValueError, match="no"):
        begin(finished, ends_with=ValueError("no"))
    assert begin(finished) is True


def test_without_rerun_nothing_is_removed(finished):
    assert begin(finished, asked=False) is False
    assert (finished / "scores.json").exists()
