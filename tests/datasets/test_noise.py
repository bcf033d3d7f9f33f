"""Label noise: as much as its kind says, from its seed alone, in labels of train and val and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.noise.class_dependent import Asymmetric, ByMatrix, PairFlip
from lossexp.datasets.noise.clean import Clean
from lossexp.datasets.noise.instance import Instance
from lossexp.datasets.noise.noise import Noise
from lossexp.datasets.noise.noisy import noisy
from lossexp.datasets.noise.symmetric import Symmetric, SymmetricExact, SymmetricTotal
from lossexp.datasets.noise.transition import as_matrix
from lossexp.datasets.scikit_learn import diabetes, digits

NAMES = ("ant", "bee", "cat", "dog")
T = [[0.7, 0.3, 0, 0], [0, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], [0, 0, 0.5, 0.5]]
rates = st.floats(0, 1)
seeds = st.integers(0, 2**31)


def data(counts=(400, 300, 200, 100), seed=0) -> Dataset:
    """Examples of four classes, of which the inputs tell a little."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(4), counts)).astype(np.int32)
    x = (np.eye(4)[y] + rng.normal(size=[len(y), 4])).astype(np.float32)
    split = Split(x, y)
    return Dataset("four", "multiclass", split, split.first(len(y) // 2), split.first(50), NAMES)


def kinds(eta: float) -> list[Noise]:
    kinds = [Symmetric(eta=eta), SymmetricExact(eta=eta), SymmetricTotal(eta=eta), PairFlip(eta=eta)]
    return [*kinds, Asymmetric(eta=eta, map={"ant": "bee", 2: 3}), Instance(eta=eta), ByMatrix(T=T)]


def clean(split: Split) -> np.ndarray:
    return split.y if split.clean_y is None else split.clean_y


def moved(split: Split) -> np.ndarray:
    """How many labels went from each class to each, `[K, K]`."""
    counts = np.zeros([4, 4], int)
    np.add.at(counts, (clean(split), split.y), 1)
    return counts


@settings(max_examples=20, deadline=None)
@given(rates, seeds)
def test_labels_move_as_often_as_the_matrix_says_within_binomial_bounds(eta, seed):
    for noise in (Symmetric(eta=eta), PairFlip(eta=eta), Asymmetric(eta=eta, map={0: 1, 2: 3}), ByMatrix(T=T)):
        made = noisy(data(), noise, seed)
        counts = moved(made.train)
        low, high = binom.interval(1 - 1e-9, counts.sum(axis=1, keepdims=True), made.transition)
        assert (counts >= low).all()
        assert (counts <= high).all()


@settings(max_examples=30, deadline=None)
@given(rates, seeds)
def test_the_exact_kinds_are_exact(eta, seed):
    of_classes = moved(noisy(data(), SymmetricExact(eta=eta), seed).train)
    n = of_classes.sum(axis=1)
    np.testing.assert_array_equal(n - of_classes.diagonal(), [int(eta * int(count)) for count in n])
    of_all = moved(noisy(data(), SymmetricTotal(eta=eta), seed).train)
    assert of_all.sum() - of_all.trace() == int(eta * of_all.sum())


@settings(max_examples=10, deadline=None)
@given(rates, seeds)
def test_inputs_and_test_are_untouched_and_the_right_labels_are_kept(eta, seed):
    before = data()
    for noise in kinds(eta):
        after = noisy(before, noise, seed)
        assert after.test is before.test
        for name in ("train", "val"):
            assert after.splits[name].x is before.splits[name].x
            np.testing.assert_array_equal(clean(after.splits[name]), before.splits[name].y)
        np.testing.assert_allclose(after.transition.sum(axis=1), 1)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_the_same_seed_gives_the_same_flips_and_the_noises_own_goes_before_the_runs(seed):
    for noise in kinds(0.5):
        first = noisy(data(), noise, seed).train.y
        np.testing.assert_array_equal(noisy(data(), replace(noise, val=False), seed).train.y, first)
        np.testing.assert_array_equal(noisy(data(), replace(noise, seed=seed), seed + 1).train.y, first)
        assert (noisy(data(), noise, seed + 1).train.y != first).any()


def test_validation_is_noisy_only_where_it_is_asked_for():
    assert noisy(data(), Symmetric(val=True), 0).val.clean_y is not None
    assert noisy(data(), Symmetric(val=False), 0).val.clean_y is None


def test_before_the_split_train_and_val_are_one_set():
    made = noisy(data((5, 5, 5, 5)), SymmetricTotal(eta=0.5, before_split=True), 0)
    wrong = [int((clean(split) != split.y).sum()) for split in (made.train, made.val)]
    assert sum(wrong) == 15
    assert wrong != [10, 5]


def test_no_noise_changes_nothing():
    assert noisy(data(), Clean(), 0).train.clean_y is None
    assert noisy(data(), Symmetric(eta=0), 0).train.clean_y is None
    before = data()
    assert noisy(before, Clean(), 0) is before


def test_parts_of_a_noisy_split_keep_their_right_labels():
    train = noisy(data(), Symmetric(), 0).train
    np.testing.assert_array_equal(train.first(7).clean_y, train.clean_y[:7])
    np.testing.assert_array_equal(train.rows(np.array([5, 3])).clean_y, train.clean_y[[5, 3]])


def test_noise_of_instances_is_where_a_classifier_is_unsure():
    before = digits(seed=0, validation_fraction=0.1, test_fraction=0.2)
    made = noisy(before, Instance(eta=0.3), 0)
    wrong = made.train.y != before.train.y
    assert 0.25 < wrong.mean() < 0.35
    likeliest = np.argsort(made.transition - np.eye(10), axis=1)[:, -1]
    assert likeliest[1] == 8  # these look alike
    off = made.transition[~np.eye(10, dtype=bool)]
    assert off.max() > 3 * off.mean()


def test_a_matrix_may_be_given_in_several_ways(tmp_path):
    np.save(tmp_path / "t.npy", T)
    np.savetxt(tmp_path / "t.csv", T, delimiter=",")
    moves = {"ant": {"bee": 0.3}, 2: {0: 0.1, "bee": 0.2, 3: 0.4}, "dog": {2: 0.5}}
    for given_so in (T, str(tmp_path / "t.npy"), str(tmp_path / "t.csv"), moves):
        np.testing.assert_allclose(as_matrix(given_so, NAMES, "noise.T"), T)


def test_classes_that_are_called_by_numbers_are_found_by_name_first():
    np.testing.assert_array_equal(as_matrix({2: {1: 1.0}}, ("1", "2"), "noise.T"), [[1, 0], [1, 0]])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Symmetric(eta=1.2), r"noise\.eta=1\.2: give a number in \[0, 1\]"),
        (lambda: noisy(data(), Asymmetric(map={"bea": "cat"}), 0), r"noise\.map: 'bea' is no class.*Did you mean bee"),
        (lambda: noisy(data(), Asymmetric(map={7: 1}), 0), r"noise\.map: 7 is no class"),
        (lambda: noisy(data(), ByMatrix(T=[[0.5, 0.5], [0, 1]]), 0), r"noise\.T=.*shape is \[2, 2\].*4 classes"),
        (lambda: noisy(data(), ByMatrix(T=np.full([4, 4], 0.3).tolist()), 0), r"noise\.T=.*class ant.*sums to 1\.2"),
        (lambda: noisy(data(), ByMatrix(T={0: {1: 0.6, 2: 0.6}}), 0), r"noise\.T=.*class ant is \[-0"),
        (lambda: noisy(data(), ByMatrix(T="nowhere.csv"), 0), r"noise\.T=nowhere\.csv cannot be read"),
        (lambda: noisy(diabetes(), Symmetric(), 0), r"dataset diabetes is regression.*noise=none"),
    ],
)
def test_what_does_not_fit_is_one_paragraph_that_names_the_setting(make, said):
    with pytest.raises(InputError, match=said):
        make()
