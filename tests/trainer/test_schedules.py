"""Learning-rate schedules over the length of a training."""

import math
import re

import pytest

from lossexp.base.checks import shown
from lossexp.base.errors import InputError
from lossexp.trainer import schedules

NAN = math.nan


def rates(schedule, steps=(0, 50, 100)):
    return [float(schedule(step)) for step in steps]


def test_cosine_goes_from_the_rate_to_its_fraction():
    assert rates(schedules.cosine(0.1, 100, 0.1)) == pytest.approx([0.1, 0.055, 0.01])


def test_warmup_rises_to_the_rate_then_falls():
    found = rates(schedules.warmup_cosine(0.1, 99, 19 / 99), (0, 9, 19, 59, 99))
    assert found == pytest.approx([0.005, 0.05, 0.1, 0.05, 0])


def test_no_warmup_is_the_cosine():
    assert rates(schedules.warmup_cosine(0.1, 100, 0.0)) == rates(schedules.cosine(0.1, 100))


def test_step_multiplies_at_each_fraction():
    found = rates(schedules.step(1.0, 100, [0.5, 0.75], 0.1), (0, 49, 50, 74, 75))
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert rates(schedules.step(1.0, 100, [0.0], 0.1), (0,)) == pytest.approx([0.1])


def test_exponential_reaches_its_fraction_at_the_end():
    assert rates(schedules.exponential(1.0, 100, 0.01)) == pytest.approx([1, 0.1, 0.01])


def test_constant_stays_a_number_that_callbacks_may_set():
    assert schedules.constant(0.1, 100) == 0.1


@pytest.mark.parametrize(
    ("make", "settings", "said"),
    [
        *(("cosine", {"final_fraction": v}, "give a number in [0, 1]") for v in (1.5, -0.1, "abc", None, True, NAN)),
        *(("warmup_cosine", {"warmup_fraction": v}, "give a number in [0, 1]") for v in (-0.1, "abc", None)),
        *(("warmup_cosine", {"final_fraction": v}, "give a number in [0, 1]") for v in (2, "abc")),
        *(("exponential", {"final_fraction": v}, "give a number in (0, 1]") for v in (0.0, 1.5, "abc", None, True)),
        *(
            ("step", {"at": v}, "give a list of 1 or more, each entry a number in [0, 1]")
            for v in ([], 0.5, None, "abc")
        ),
        ("step", {"at": [0.7, 0.2]}, "ascending"),
        *(("step", {"factor": v}, "give a number in (0, inf)") for v in (-1, 0, "abc", None, True, math.inf)),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_what_would(make, settings, said):
    [(name, value)] = settings.items()
    with pytest.raises(InputError, match=rf"^schedule\.{name}={re.escape(shown(value))}: .*{re.escape(said)}"):
        getattr(schedules, make)(0.1, 100, **settings)


@pytest.mark.parametrize("entry", [2.0, "abc", None])
def test_an_entry_that_cannot_work_is_named_by_its_place(entry):
    with pytest.raises(InputError, match=rf"^schedule\.at\[1\]={shown(entry)}: give a number in \[0, 1\]\."):
        schedules.step(0.1, 100, at=[0.5, entry])
