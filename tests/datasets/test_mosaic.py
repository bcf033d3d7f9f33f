import numpy as np
import pytest
from sklearn.datasets import load_digits

from lossexp.base.errors import InputError
from lossexp.datasets.mosaic import BACKGROUND, digits_mosaic, mosaics

DIGITS = load_digits()
INK = np.round(DIGITS.images * (255 / 16)).astype(np.uint8)


def made(n=50, grid=2, empty=0.25, ink=INK, digits=DIGITS.target, seed=0):
    return mosaics(ink, digits, n, grid, empty, np.random.RandomState(seed))


def test_the_two_tasks_are_of_the_same_pictures():
    labels, pixels = digits_mosaic("multilabel", examples=100), digits_mosaic("segmentation", examples=100)
    for name in labels.splits:
        np.testing.assert_array_equal(labels.splits[name].x, pixels.splits[name].x)
    assert (labels.train.y.shape, pixels.train.y.shape) == ((72, 10), (72, 16, 16))
    assert (labels.num_classes, pixels.num_classes, pixels.class_names[BACKGROUND]) == (10, 11, "background")
    assert labels.train.x.dtype == np.uint8
    assert [len(split) for split in labels.splits.values()] == [72, 8, 20]


@pytest.mark.parametrize("grid", [2, 3])
def test_ink_belongs_to_digits_that_appear_and_the_rest_is_background(grid):
    pictures, appears, owner = made(grid=grid)
    assert pictures.shape == (50, 8 * grid, 8 * grid, 1)
    np.testing.assert_array_equal(owner == BACKGROUND, pictures[..., 0] == 0)
    for digits, pixels in zip(appears, owner, strict=True):
        assert set(pixels.ravel()) - {BACKGROUND} <= set(np.flatnonzero(digits))


def test_where_digits_overlap_the_brighter_ink_is_seen():
    ink = np.stack([np.full((8, 8), 100), np.full((8, 8), 200)]).astype(np.uint8)
    pictures, _, owner = made(200, empty=0.0, ink=ink, digits=np.array([3, 7]))
    np.testing.assert_array_equal(owner[pictures[..., 0] == 200], 7)
    np.testing.assert_array_equal(owner[pictures[..., 0] == 100], 3)


def test_cells_are_empty_as_often_as_asked():
    assert made(empty=0.0)[0].any((1, 2, 3)).all()
    pictures, _, _ = made(2000, empty=0.9)
    assert (pictures == 0).all((1, 2, 3)).mean() == pytest.approx(0.9**4, abs=0.03)


def test_no_digit_is_in_two_splits():
    """Of pictures with one digit, which is then whole, no two in different splits have the same ink."""
    found = []
    for split in digits_mosaic(examples=3000, empty=0.8).splits.values():
        single = [x[..., 0] for x, y in zip(split.x, split.y, strict=True) if y.sum() == 1]
        cropped = (x[np.ix_(x.any(1), x.any(0))] for x in single)
        found.append({(x.shape, x.tobytes()) for x in cropped if max(x.shape) <= 8})
    train, val, test = found
    assert min(map(len, found)) > 50
    assert not train & val | train & test | val & test


def test_the_seed_fixes_the_pictures():
    one, same, other = (digits_mosaic(examples=50, seed=seed).train.x for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_limit_shortens_training_only():
    limited, whole = digits_mosaic(examples=100, limit=10), digits_mosaic(examples=100)
    assert len(limited.train) == 10
    np.testing.assert_array_equal(limited.test.x, whole.test.x)


def test_class_counts_are_positives_and_pixels():
    labels, pixels = digits_mosaic("multilabel", examples=100), digits_mosaic("segmentation", examples=100)
    assert labels.class_counts == tuple(labels.train.y.sum(axis=0))
    assert sum(pixels.class_counts) == pixels.train.y.size
    assert pixels.class_counts[BACKGROUND] == (pixels.train.y == BACKGROUND).sum()


def test_other_tasks_and_sizes_are_refused():
    with pytest.raises(InputError, match=r"dataset\.task=multiclass"):
        digits_mosaic("multiclass")
    with pytest.raises(InputError, match=r"dataset\.grid=4"):
        digits_mosaic(grid=4)
