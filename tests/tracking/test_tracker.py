from contextlib import suppress

import pytest
from matplotlib.figure import Figure

from lossexp.tracking.metrics_file import read_metrics
from lossexp.tracking.tracker import NoTracker, Tracker


class Recording(Tracker):
    def close(self, status):
        self.status = status


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "KILLED")],
)
def test_the_status_tells_how_the_block_was_left(error, status):
    tracker = Recording()
    with suppress(ValueError, KeyboardInterrupt, SystemExit), tracker:
        if error:
            raise error
    assert tracker.status == status


def test_without_a_store_metrics_and_figures_are_in_the_folder(tmp_path):
    with NoTracker() as tracker:
        tracker.open(run_name="a", run_dir=tmp_path / "run", tags={})
        tracker.params({"seed": 1})
        tracker.metrics({"val/nll": 0.5}, step=3)
        tracker.figure(Figure(), "curves.png")
    assert [r["step"] for r in read_metrics(tmp_path / "run" / "metrics.jsonl")] == [3]
    assert (tmp_path / "run" / "figures" / "curves.png").is_file()
    assert (tracker.run_id, tracker.where(), tracker.find("key")) == (None, "", None)


def test_metrics_of_an_earlier_attempt_stay_until_told_what_is_done(tmp_path):
    path = tmp_path / "metrics.jsonl"
    for done, steps in [(None, [1]), (None, [1, 2]), ([({"a": 1.0}, 1)], [1, 3]), ([], [4])]:
        tracker = NoTracker()
        tracker.open(run_name="a", run_dir=tmp_path, tags={})
        if done is not None:
            tracker.replay(done)
        tracker.metrics({"a": 1.0}, step=steps[-1])
        assert [r["step"] for r in read_metrics(path)] == steps


def test_figures_that_cannot_be_saved_do_not_stop_metrics_nor_the_other_way(tmp_path, caplog):
    tracker = NoTracker()
    tracker.open(run_name="a", run_dir=tmp_path, tags={})
    (tmp_path / "figures").write_text("a file where the folder should be")
    tracker.figure(Figure(), "a.png")
    tracker.metrics({"a": 1.0}, 1)
    assert [r["step"] for r in read_metrics(tracker.metrics_path)] == [1]
    tracker.metrics_path.unlink()
    tracker.metrics_path.mkdir()
    tracker.metrics({"a": 1.0}, 2)
    assert len(caplog.records) == 2

    other = NoTracker()
    other.open(run_name="a", run_dir=tmp_path, tags={})
    other.metrics({"a": 1.0}, 2)
    (tmp_path / "figures").unlink()
    other.figure(Figure(), "a.png")
    assert (tmp_path / "figures" / "a.png").is_file()


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path, caplog):
    tracker = NoTracker()
    tracker.open(run_name="a", run_dir=tmp_path / "run", tags={})
    (tmp_path / "run").rmdir()
    for step in range(3):
        tracker.metrics({"a": 1.0}, step)
    assert len(caplog.records) == 1


def test_every_method_may_be_called_before_open_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tracker = NoTracker()
    tracker.params({})
    tracker.metrics({"a": 1.0}, 1)
    tracker.figure(Figure(), "a.png")
    tracker.tags({})
    tracker.flush()
    tracker.close("FINISHED")
    assert (tracker.run_id, tracker.run_dir, tracker.where()) == (None, None, "")
    assert not list(tmp_path.iterdir())


def test_a_missing_artifact_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        NoTracker().artifact(tmp_path / "missing")
