import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.splitting import cut, take

LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def test_cut_divides_every_example_once_and_keeps_their_order():
    rest, part = cut(LABELS, 0.2, seed=0, part="test", stratify=True)
    assert np.array_equal(np.sort(np.concatenate([rest, part])), np.arange(100))
    assert (np.diff(rest) > 0).all()
    assert (np.diff(part) > 0).all()


def test_cut_keeps_the_class_proportions():
    rest, part = cut(LABELS, 0.2, seed=0, part="test", stratify=True)
    assert np.bincount(LABELS[part]).tolist() == [12, 6, 2]
    assert np.bincount(LABELS[rest]).tolist() == [48, 24, 8]


def test_cut_depends_on_the_seed_and_the_part():
    def part(seed, name):
        return cut(LABELS, 0.2, seed, name, stratify=True)[1].tolist()

    assert part(1, "test") == part(1, "test")
    assert part(1, "test") != part(2, "test")
    assert part(1, "test") != part(1, "validation")


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5])
def test_cut_refuses_a_fraction_that_empties_a_split(fraction):
    with pytest.raises(InputError, match=r"dataset\.test_fraction.*between 0 and 1"):
        cut(LABELS, fraction, seed=0, part="test", stratify=True)


def test_cut_refuses_a_class_too_small_to_divide():
    with pytest.raises(InputError, match=r"dataset\.validation_fraction=0\.2 cannot divide 5 examples by class"):
        cut(np.array([0, 0, 0, 0, 1]), 0.2, seed=0, part="validation", stratify=True)


def test_take_keeps_all_without_a_limit_or_below_it():
    assert len(take(LABELS, None, seed=0, stratify=True)) == 100
    assert len(take(LABELS, 500, seed=0, stratify=True)) == 100


@pytest.mark.parametrize("limit", [10, 50, 99])
def test_take_keeps_the_limit_in_the_classes_proportions(limit):
    kept = take(LABELS, limit, seed=0, stratify=True)
    assert len(set(kept)) == limit
    assert np.allclose(np.bincount(LABELS[kept]) / limit, [0.6, 0.3, 0.1], atol=0.5 / limit + 1e-9)


def test_take_of_values_needs_no_classes():
    assert len(take(np.linspace(0, 1, 100), 7, seed=0, stratify=False)) == 7


@pytest.mark.parametrize("limit", [0, -1, 2, 3])
def test_take_refuses_a_limit_that_loses_a_class(limit):
    with pytest.raises(InputError, match=r"dataset\.limit"):
        take(LABELS, limit, seed=0, stratify=True)
