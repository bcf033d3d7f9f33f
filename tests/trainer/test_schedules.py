"""Learning-rate schedules over the length of a training."""

import pytest

from lossexp.errors import InputError
from lossexp.trainer import schedules


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
    ("make", "arguments"),
    [
        ("cosine", (1.5,)),
        ("warmup_cosine", (-0.1,)),
        ("exponential", (0.0,)),
        ("step", ([0.7, 0.2],)),
        ("step", ([2.0],)),
    ],
)
def test_a_fraction_out_of_range_is_refused(make, arguments):
    with pytest.raises(InputError, match="schedule"):
        getattr(schedules, make)(0.1, 100, *arguments)
