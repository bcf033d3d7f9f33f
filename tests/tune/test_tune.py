"""Whole tunings on recorded objectives: the budget, the winners, and what a stopped one does when it goes on."""

import json

import pandas as pd
import pytest
import yaml

from lossexp.base.errors import InputError
from lossexp.sweeps.failed import SweepFailed
from tests.tune.recorded import RATE, UNLIKE, Recorder, search


@pytest.fixture(autouse=True)
def short_start(monkeypatch):
    monkeypatch.setattr("lossexp.tune.search.STARTUP", 2)  # rounds in few trials


def trials_in(folder):
    [file] = (path for path in folder.glob("sweeps/*/table.csv") if "trial" in path.read_text().splitlines()[0])
    return pd.read_csv(file)


def test_each_set_has_as_many_trials_and_the_winners_meet_over_seeds_that_the_search_has_not_used(tmp_path, capsys):
    arguments = (UNLIKE, RATE, "model=mlp", "seed=7", "tune.trials=3", "tune.seeds=2", "baseline='loss=ce'")
    done = search(tmp_path, *arguments, launch=Recorder())
    trials = trials_in(tmp_path)
    assert trials.groupby("search").size().to_dict() == {"loss=ce": 3, "loss=focal": 3}
    assert done.rounds == [4, 2, 4]
    best = [group.settings[group.value.idxmax()] for _, group in trials.groupby("search")]
    assert done.trained[6:] == [f"{settings} seed={seed}" for settings in best for seed in (8, 9)]
    [kept] = tmp_path.glob("sweeps/*/experiment/winners.yaml")
    assert yaml.safe_load(kept.read_text()) == {"baseline": "loss=ce", "sets": best, "seeds": [8, 9]}
    told = json.loads((kept.parents[1] / "sweep.json").read_text())
    assert told["tune"] == {"trials": 3, "batch": 1, "seeds": 2}
    assert {job["run_key"] for job in told["jobs"]} == set(trials.run_key)
    assert "3 trials for each of: loss=ce, loss=focal" in capsys.readouterr().out


def test_a_stopped_search_goes_on_to_the_same_trials_and_trains_none_twice(tmp_path):
    command = (UNLIKE, RATE, "tune.trials=4", "tune.seeds=1")
    whole = search(tmp_path / "whole", *command, launch=Recorder())
    parts = []
    for stop_at in (3, 4):
        stopped = Recorder(stop_at)
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / "parts", *command, launch=stopped)
        parts += stopped.trained
    parts += search(tmp_path / "parts", *command, launch=Recorder()).trained
    assert parts == whole.trained
    assert len(parts) == 2 * 4 + 2
    assert trials_in(tmp_path / "parts").equals(trials_in(tmp_path / "whole"))


def test_more_trials_go_on_in_the_same_folder(tmp_path):
    for trials, trained in ((2, 2), (4, 2)):
        done = search(tmp_path, "loss=focal", RATE, f"tune.trials={trials}", "tune.seeds=0", launch=Recorder())
        assert len(done.trained) == trained
    assert len(trials_in(tmp_path)) == 4


def test_a_trial_that_fails_is_told_and_its_search_goes_on_and_one_without_a_winner_ends_before_the_comparison(
    tmp_path, capsys
):
    launch = Recorder(fails=lambda config: "gamma" in config.loss or config.optimizer.learning_rate > 0.001)
    with pytest.raises(SweepFailed):
        search(tmp_path, UNLIKE, RATE, "tune.trials=3", launch=launch)
    assert len(launch.trained) == 6
    said = capsys.readouterr()
    assert "it diverged" in said.err
    assert sum("] failed" in line for line in said.out.splitlines()) == 5
    trials = trials_in(tmp_path)
    assert trials[trials.search == "loss=focal"].value.isna().all()
    assert trials[trials.search == "loss=ce"].value.notna().sum() == 1


def test_a_trial_whose_settings_cannot_work_is_told_and_not_started(tmp_path, capsys):
    launch = Recorder()
    search(tmp_path, "loss=focal", "loss.gamma=interval(-5,-1)", "tune.trials=3", "tune.seeds=0", launch=launch)
    assert launch.trained == ["loss=focal"]
    assert capsys.readouterr().err.count("give a number in [0, inf)") >= 2


def test_stop_means_that_no_trial_starts_after_a_failed_one(tmp_path):
    launch = Recorder(fails=lambda config: True)
    with pytest.raises(SweepFailed):
        search(tmp_path, "loss=focal", RATE, "tune.trials=3", "sweep.on_error=stop", launch=launch)
    assert launch.rounds == [2]


def test_a_set_without_dimensions_has_one_trial_and_that_is_said(tmp_path, capsys):
    search(tmp_path, UNLIKE, "tune.trials=2", "tune.seeds=0", launch=Recorder())
    assert trials_in(tmp_path).groupby("search").size().to_dict() == {"loss=ce": 1, "loss=focal": 2}
    assert "1 trial, as there is nothing else to try: loss=ce" in capsys.readouterr().out


def test_settings_of_which_there_are_few_are_tried_once_each_and_that_is_said(tmp_path, capsys):
    command = ("loss=focal", "loss.alpha=null,0.25", "tune.trials=6", "tune.seeds=0")
    assert search(tmp_path, *command, launch=Recorder()).trained == ["loss=focal", "loss=focal loss.alpha=0.25"]
    assert "2 trials, as there is nothing else to try: loss=focal" in capsys.readouterr().out


def test_defaults_that_win_are_compared_as_they_are(tmp_path):
    for given in ((), ("loss=gce",)):
        command = (*given, "dataset.limit=range(100,103)", "tune.trials=1", "tune.seeds=1")
        done = search(tmp_path, *command, launch=Recorder())
        assert done.trained[-1].endswith("seed=1")


def test_listing_trains_nothing(tmp_path, capsys):
    command = (UNLIKE, RATE, "tune.trials=5", "sweep.list=true")
    assert search(tmp_path, *command, launch=Recorder()).trained == []
    assert "4 jobs: 4 to do" in capsys.readouterr().out
    assert not list(tmp_path.glob("sweeps"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((UNLIKE, RATE, "tune.trials=0"), "tune.trials=0: give a whole number of at least 1"),
        ((UNLIKE, RATE, "baseline='loss=gce'"), "baseline=loss=gce: no job"),
        ((UNLIKE, RATE, "baseline='loss=focal loss.gamma=0'"), "no job"),
        (("mode=evaluate", "run=a", RATE), "mode=evaluate: a search trains"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(arguments, said, tmp_path):
    launch = Recorder()
    with pytest.raises(InputError, match=said):
        search(tmp_path, *arguments, launch=launch)
    assert launch.rounds == []
