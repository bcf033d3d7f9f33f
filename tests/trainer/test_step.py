"""Labels of every task: in the encoding of the loss, and counted as right or wrong."""

import numpy as np
import pytest
import tensorflow as tf

from lossexp.trainer.step import Answers, count_correct, encode_labels


@pytest.mark.parametrize(
    ("y", "labels", "encoded"),
    [
        ([1, 0], "sparse", [1, 0]),
        ([1, 0], "onehot", [[0, 1, 0], [1, 0, 0]]),
        ([1, 0], "binary", [[1], [0]]),
        ([1.5, 0.0], "values", [[1.5], [0.0]]),
        ([[1.5, 2.5], [0.0, 1.0]], "values", [[1.5, 2.5], [0.0, 1.0]]),
        ([[1, 0, 1], [0, 0, 0]], "sparse", [[1, 0, 1], [0, 0, 0]]),  # many labels
        ([[1, 0, 1], [0, 0, 0]], "binary", [[1, 0, 1], [0, 0, 0]]),
        ([[[1], [0]]], "sparse", [[[1], [0]]]),  # pixels
        ([[[1], [0]]], "onehot", [[[[0, 1, 0]], [[1, 0, 0]]]]),
    ],
)
def test_encodings(y, labels, encoded):
    np.testing.assert_array_equal(encode_labels(tf.constant(y), labels, 3), encoded)


def test_of_many_labels_the_fraction_of_right_answers_counts():
    outputs = tf.constant([[1.0, -1.0, 2.0], [3.0, -2.0, -1.0]])
    right = count_correct(outputs, tf.constant([[1, 0, 0], [1, 0, 1]]), Answers(3, "labels"))
    assert float(right) == pytest.approx(4 / 3)


@pytest.mark.parametrize(("ignored", "right"), [(None, 2 * 2 / 4), (9, 2 * 2 / 3)])
def test_of_pixels_the_fraction_of_right_ones_counts_without_those_ignored(ignored, right):
    outputs = tf.one_hot([[[0, 1]], [[2, 2]]], 3)
    y = tf.constant([[[0, 0]], [[2, 9]]])
    assert float(count_correct(outputs, y, Answers(3, "softmax", ignored))) == pytest.approx(right)


def test_a_batch_of_ignored_pixels_has_none_right():
    assert count_correct(tf.zeros([1, 2, 2, 3]), tf.fill([1, 2, 2], 9), Answers(3, "softmax", 9)) == 0


def test_values_are_not_right_or_wrong():
    assert count_correct(tf.ones([2, 3]), tf.ones([2, 3]), Answers(0, "identity")) == 0
