"""Losses for ordered classes: labels, links and what they reduce to."""

import numpy as np
import pytest
import tensorflow as tf

from lossexp import losses
from lossexp.base import links
from lossexp.trainer.step import Answers, count_correct

Z = np.float32([[2.0, 0.5, -1.0], [1.0, 0.25, 0.0], [-0.5, -1.0, -3.0], [4.0, 3.0, 2.0]])
Y = [0, 1, 2, 3]


def bce(z, t):
    return np.log1p(np.exp(-z)) if t else np.log1p(np.exp(z))


def test_coral_sums_one_question_for_each_threshold():
    expected = [sum(bce(z, y > k) for k, z in enumerate(row)) for row, y in zip(Z, Y)]
    np.testing.assert_allclose(losses.CORAL().call(Y, Z), expected, 1e-5)
    weighted = [sum(w * bce(z, y > k) for k, (w, z) in enumerate(zip([1, 0.5, 2], row))) for row, y in zip(Z, Y)]
    np.testing.assert_allclose(losses.CORAL(importance=[1, 0.5, 2]).call(Y, Z), weighted, 1e-5)


def test_corn_asks_only_what_follows_from_the_answers_before():
    expected = [sum(bce(z, y > k) for k, z in enumerate(row) if y >= k) for row, y in zip(Z, Y)]
    np.testing.assert_allclose(losses.CORN().call(Y, Z), expected, 1e-5)


def test_corn_is_the_log_likelihood_under_its_link():
    log_p = links.log_probabilities(Z, losses.CORN().link)
    np.testing.assert_allclose(losses.CORN().call(Y, Z), -log_p[np.arange(4), Y], 1e-5)
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, 1e-12)
    np.testing.assert_allclose(links.probabilities(Z, "conditional"), np.exp(log_p), 1e-12)


@pytest.mark.parametrize("link", ["ordinal", "conditional"])
def test_training_accuracy_counts_the_likeliest_class(link):
    z = np.random.default_rng(0).normal(0, 2, [200, 3]).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 4, 200)
    predicted = links.log_probabilities(z, link).argmax(axis=1)
    assert count_correct(z, tf.constant(labels), Answers(4, link)) == np.sum(predicted == labels)


def test_the_conditional_link_keeps_its_digits():
    log_p = links.log_probabilities(np.array([[1000.0, -1000.0]]), "conditional")
    np.testing.assert_allclose(log_p, [[-1000, 0, -1000]], atol=1e-12)


@pytest.mark.parametrize("loss", [losses.CORAL(), losses.CORN()])
def test_labels_in_any_encoding(loss):
    assert loss.num_outputs(4) == 3
    values = loss.call(Y, Z)
    one_hot = tf.one_hot(Y, 4)
    for labels in (np.array(Y)[:, None], np.float32(Y), one_hot):
        np.testing.assert_array_equal(loss.call(labels, Z), values)
    soft = 0.5 * one_hot[:1] + 0.5 * one_hot[2:3]
    expected = (loss.call([0], Z[:1]) + loss.call([2], Z[:1])) / 2
    np.testing.assert_allclose(loss.call(soft, Z[:1]), expected, 1e-6)
    with pytest.raises(ValueError, match="label 4"):
        loss.call([0, 1, 2, 4], Z)


@pytest.mark.parametrize("loss", [losses.CORAL(), losses.CORN()])
def test_two_classes_are_one_question(loss):
    z = Z[:, :1]
    expected = [bce(row[0], y) for row, y in zip(z, [0, 1, 1, 0])]
    for labels in ([0, 1, 1, 0], [[0], [1], [1], [0]], tf.one_hot([0, 1, 1, 0], 2)):
        np.testing.assert_allclose(loss.call(labels, z), expected, 1e-5)


def test_importance_of_the_one_threshold_between_two_classes():
    plain, weighted = losses.CORAL(), losses.CORAL(importance=[2])
    np.testing.assert_allclose(weighted.call([0, 1, 1, 0], Z[:, :1]), 2 * plain.call([0, 1, 1, 0], Z[:, :1]), 1e-6)
    assert losses.CORAL.from_config(weighted.get_config()).importance == [2.0]


def test_squared_emd_punishes_distance():
    z = np.zeros((5, 5), np.float32)
    z[:, 0] = 50  # class 0 is predicted for sure: a label d classes away costs d
    np.testing.assert_allclose(losses.SquaredEMD().call(np.arange(5), z), np.arange(5), atol=1e-12)
    two = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    labels = [0, 1, 0, 1, 0, 1]
    np.testing.assert_allclose(losses.SquaredEMD().call(labels, two), losses.Brier().call(labels, two) / 2, 1e-5)


def test_importance_of_another_length_is_refused():
    with pytest.raises(ValueError, match="2 entries for 3 thresholds"):
        losses.CORAL(importance=[1, 1]).call(Y, Z)
    with pytest.raises(ValueError, match=r"importance\[1\]=-1"):
        losses.CORAL(importance=[1, -1])
    for importance in ([], 2.0):
        with pytest.raises(ValueError, match=r"CORAL\.importance=.*number in \[0, inf\), one per threshold"):
            losses.CORAL(importance=importance)
    with pytest.raises(ValueError, match=r"CORAL\.importance\[0\]=\[1\.0, 1\.0\]: give a number in \[0, inf\)"):
        losses.CORAL(importance=np.ones([2, 2]))
