"""Hinge losses against Keras's, and where they differ from it."""

import keras
import numpy as np
import pytest

from lossexp.losses import CategoricalHinge, CrammerSinger, Hinge, SquaredHinge
from lossexp.losses.hinge import categorical_hinge, crammer_singer, hinge

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


def test_only_crammer_singer_is_content_with_the_best_of_negative_scores():
    z = np.array([[-5.0, -9.0, -8.0]])
    assert CrammerSinger().call([0], z) == 0
    assert CategoricalHinge().call([0], z) == 6


def test_crammer_singer_by_hand():
    expected = [max(np.delete(z, y).max() - z[y] + 2, 0) for y, z in zip(Y, Z)]
    np.testing.assert_allclose(CrammerSinger(margin=2).call(Y, Z), expected, 1e-5)


def test_functions_are_the_classes():
    np.testing.assert_array_equal(hinge(LABELS, Z[:, :1], 0.5)[:, 0], Hinge(0.5).call(LABELS, Z[:, :1]))
    np.testing.assert_array_equal(categorical_hinge(Y, Z, 0.5), CategoricalHinge(0.5).call(Y, Z))
    np.testing.assert_array_equal(crammer_singer(ONE_HOT, Z, 0.5), CrammerSinger(0.5).call(Y, Z))


def test_a_label_outside_the_classes_shows_in_graphs():
    import tensorflow as tf

    for loss in (CategoricalHinge(), CrammerSinger()):
        assert np.isnan(tf.function(loss.call)(tf.constant([0, 7]), Z[:2])[1])
