"""Hinge losses against Keras's, and where they differ from it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.losses import CategoricalHinge, CrammerSinger, Hinge, SquaredHinge

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, [12, 4]).astype(np.float32)
Y = RNG.integers(0, 4, 12)
ONE_HOT = np.eye(4, dtype=np.float32)[Y]
LABELS = (Z[:, 1:2] + Z[:, 2:3] > 0).astype(np.float32)


@pytest.mark.parametrize(("ours", "theirs"), [(Hinge, keras.losses.Hinge), (SquaredHinge, keras.losses.SquaredHinge)])
@pytest.mark.parametrize("labels", [LABELS, 2 * LABELS - 1], ids=["0 and 1", "-1 and 1"])
def test_binary_hinges_are_those_of_keras(ours, theirs, labels):
    np.testing.assert_allclose(ours()(labels, Z[:, :1]), theirs()(labels, Z[:, :1]), 1e-6)


def test_categorical_hinge_is_that_of_keras():
    expected = keras.losses.categorical_hinge(ONE_HOT, Z)
    np.testing.assert_allclose(CategoricalHinge().call(Y, Z), expected, 1e-6)


def test_soft_labels_do_not_change_the_other_rows():
    """Keras recodes 0 to -1 only where the whole batch is hard."""
    labels = LABELS.copy()
    labels[0] = 0.95
    np.testing.assert_array_equal(Hinge().call(labels, Z[:, :1])[1:], Hinge().call(LABELS, Z[:, :1])[1:])


@pytest.mark.parametrize("loss", [Hinge(), SquaredHinge(margin=0.5)])
@pytest.mark.parametrize("wrong", [2.0, -2.0, -0.5, 1.5, np.nan])
def test_labels_that_are_no_labels(loss, wrong):
    labels = LABELS.copy()
    labels[3] = wrong
    with pytest.raises(ValueError, match=f"label {wrong:g}: a hinge loss takes labels 0 and 1, or -1 and 1"):
        loss(labels, Z[:, :1])
    for compiled in (False, True):  # loud, where nothing can be raised
        values = tf.function(loss.call, jit_compile=compiled, autograph=False)(labels, Z[:, :1])
        np.testing.assert_array_equal(np.isnan(values), np.arange(12) == 3)


@pytest.mark.parametrize("loss", [CategoricalHinge(), CrammerSinger()])
def test_class_numbers_that_are_no_classes(loss):
    with pytest.raises(ValueError, match=r"label 7.* expected whole numbers in \[0, 4\)"):
        loss([0, 7], Z[:2])


def test_a_single_value_checks_labels_too():
    with pytest.raises(ValueError, match="label 3"):
        Hinge().call([[3.0]], [[0.5]])


def test_ignoring_minus_one_leaves_negatives_as_zero():
    labels = np.array([0, 1, -1, 1], np.float32)
    values = Hinge(ignore_class=-1).call(labels, Z[:4, 0])
    np.testing.assert_allclose(values.numpy()[[0, 1, 3]], Hinge().call([0, 1, 1], Z[[0, 1, 3], 0]))
    assert values[2] == 0.0


def test_only_crammer_singer_is_content_with_the_best_of_negative_scores():
    z = np.array([[-5.0, -9.0, -8.0]])
    assert CrammerSinger().call([0], z) == 0
    assert CategoricalHinge().call([0], z) == 6


def test_crammer_singer_by_hand():
    expected = [max(np.delete(z, y).max() - z[y] + 2, 0) for y, z in zip(Y, Z)]
    np.testing.assert_allclose(CrammerSinger(margin=2).call(Y, Z), expected, 1e-5)


def test_class_numbers_are_one_hot_labels_and_margins_count():
    for loss in (CategoricalHinge(margin=0.5), CrammerSinger(margin=0.5)):
        np.testing.assert_array_equal(loss.call(Y, Z), loss.call(ONE_HOT, Z))
    by_hand = np.maximum(0.5 - (2 * LABELS - 1) * Z[:, :1], 0)
    np.testing.assert_allclose(Hinge(margin=0.5).call(LABELS, Z[:, :1]), by_hand[:, 0], 1e-6)


def test_a_label_outside_the_classes_shows_in_graphs():
    for loss in (CategoricalHinge(), CrammerSinger()):
        assert np.isnan(tf.function(loss.call)(tf.constant([0, 7]), Z[:2])[1])
