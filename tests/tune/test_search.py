"""A search asks and is told: what it asks for follows from its seed and from what it was told."""

import math

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from lossexp.config.sweep_settings import TuneSettings
from lossexp.experiment.result import Result
from lossexp.tune.search import Search
from lossexp.tune.space import Dimension, Space

DEFAULT = {"loss": {"gamma": 2.0}, "hydra": {"runtime": {"choices": {"loss": "focal"}}}}
GAMMA = "loss.gamma=interval(0,5)"


def search(*dimensions, trials=20, batch=1, seed=0):
    parsed = OverridesParser.create().parse_overrides(list(dimensions))
    space = Space((), ("loss=focal",), tuple(map(Dimension.of, parsed)))
    return Search(space, OmegaConf.create({**DEFAULT, "seed": seed}), TuneSettings(trials, batch))


def gamma(trial):
    [text] = [o for o in trial.chosen if o.startswith("loss.gamma=")] or ["loss.gamma=2"]
    return float(text.partition("=")[2])


def result(value, monitor="val/accuracy"):
    return Result("key", {}, monitor, value, value, 1)


def near_one(trial):
    return result(1 - (gamma(trial) - 1) ** 2)


def finished(found, worth=near_one):
    """The search, all of whose trials are told, and the sizes of its rounds."""
    rounds = []
    while asked := found.ask():
        rounds.append(len(asked))
        for trial in asked:
            found.tell(trial, worth(trial))
    return found, rounds


def chosen(found):
    return [trial.chosen for trial in found.trials]


@pytest.mark.parametrize(
    ("trials", "batch", "rounds"),
    [(20, 1, [10] + 10 * [1]), (20, 4, [10, 4, 4, 2]), (20, 16, [16, 4]), (3, 1, [3]), (1, 1, [1])],
)
def test_trials_come_in_rounds_the_first_of_which_looks_at_nothing(trials, batch, rounds):
    assert finished(search(GAMMA, trials=trials, batch=batch))[1] == rounds


def test_the_defaults_come_first_whether_or_not_the_search_could_have_asked_for_them():
    for text in (GAMMA, "loss.gamma=interval(3,5)", "loss.gamma=0.5,1"):
        found, _ = finished(search(text, trials=3))
        assert chosen(found)[0] == ("loss=focal",)
        assert all(len(trial.chosen) == 2 for trial in found.trials[1:])


def test_the_same_results_lead_to_the_same_trials_and_another_seed_to_others():
    first, again, other = (finished(search(GAMMA, "x=a,b", seed=seed))[0] for seed in (0, 0, 1))
    assert chosen(first) == chosen(again) != chosen(other)


def test_more_trials_begin_with_those_of_fewer():
    fewer, more = (finished(search(GAMMA, trials=trials))[0] for trials in (13, 18))
    assert chosen(more)[:13] == chosen(fewer)


def test_what_a_search_is_told_brings_it_nearer_to_the_best():
    found, _ = finished(search(GAMMA, trials=40))
    far = [abs(gamma(trial) - 1) for trial in found.trials]
    assert sum(far[-10:]) < sum(far[:10]) / 2
    assert abs(gamma(found.best) - 1) < 0.2


def test_a_trial_that_fails_or_is_no_number_never_wins_and_the_search_goes_on():
    def worth(trial):
        return None if gamma(trial) > 4 else result(math.nan) if gamma(trial) < 2 else near_one(trial)

    found, _ = finished(search(GAMMA), worth)
    assert len(found.trials) == 20
    assert 2 <= gamma(found.best) <= 4
    assert {trial.failed for trial in found.trials} == {True, False}


def test_a_search_whose_trials_all_fail_has_no_winner():
    assert finished(search(GAMMA), lambda trial: None)[0].best is None


def test_a_metric_that_should_be_low_is_worth_more_the_lower_it_is():
    found, _ = finished(search(GAMMA), lambda trial: result((gamma(trial) - 1) ** 2, "val/rmse"))
    assert abs(gamma(found.best) - 1) < 0.3


def test_the_defaults_win_a_tie():
    assert finished(search(GAMMA), lambda trial: result(0.5))[0].best.chosen == ("loss=focal",)


@pytest.mark.parametrize(
    ("dimensions", "points"),
    [
        (("loss.gamma=2,3",), 2),
        (("loss.gamma=3,4", "x=a,b"), 5),  # and the defaults, which lie outside
        (("loss.gamma=int(interval(1,3))", "x=1,1,2"), 7),
        (("loss.gamma=range(0,12)",), 12),
    ],
)
def test_a_search_of_few_settings_tries_each_once(dimensions, points):
    found, _ = finished(search(*dimensions, trials=20))
    assert found.most == len(found.trials) == points
    settings = {trial.chosen for trial in found.trials}
    assert len(settings) == points
    assert ("loss=focal", "loss.gamma=2") not in settings  # those are the defaults, where they are all there is


def test_of_many_whole_numbers_none_is_tried_twice():
    found, _ = finished(search("loss.gamma=int(interval(0,30))", trials=28))
    assert len(set(chosen(found))) == 28


def test_without_dimensions_there_is_one_trial():
    found, rounds = finished(search())
    assert rounds == [1]
    assert found.best.chosen == ("loss=focal",)
