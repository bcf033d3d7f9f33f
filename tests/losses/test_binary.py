"""Labels, smoothing and weights of the sigmoid losses."""

import numpy as np
import pytest
import tensorflow as tf

from lossexp.losses import BinaryCrossEntropy, BinaryFocal

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0.0, 2.0, [6, 1]).astype(np.float32)
LABELS = np.array([0, 1, 1, 0, 1, 0])
P = 1 / (1 + np.exp(-LOGITS[:, 0].astype(np.float64)))


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], LABELS.astype(bool), LABELS.astype(np.float16)])
@pytest.mark.parametrize("logits", [LOGITS, LOGITS[:, 0]])
def test_labels_and_logits_in_one_column_or_none(labels, logits):
    values = BinaryCrossEntropy().call(labels, logits)
    np.testing.assert_allclose(values, -np.log(np.where(LABELS, P, 1 - P)), 1e-5)


def test_many_labels_are_averaged():
    logits = RNG.normal(size=[6, 4]).astype(np.float32)
    labels = RNG.integers(0, 2, [6, 4])
    values = BinaryFocal(gamma=1).call(labels, logits)
    columns = [BinaryFocal(gamma=1).call(labels[:, [j]], logits[:, [j]]) for j in range(4)]
    np.testing.assert_allclose(values, np.mean(columns, axis=0), 1e-5)


def test_smoothing_moves_towards_one_half():
    t = LABELS * 0.8 + 0.1
    expected = -t * np.log(P) - (1 - t) * np.log(1 - P)
    np.testing.assert_allclose(BinaryCrossEntropy(label_smoothing=0.2).call(LABELS, LOGITS), expected, 1e-5)


def test_weights_of_the_positive_class():
    plain = BinaryCrossEntropy().call(LABELS, LOGITS)
    weighted = BinaryCrossEntropy(pos_weight=3).call(LABELS, LOGITS)
    np.testing.assert_allclose(weighted, np.where(LABELS, 3, 1) * plain, 1e-6)
    plain = BinaryFocal(gamma=2).call(LABELS, LOGITS)
    weighted = BinaryFocal(gamma=2, alpha=0.9).call(LABELS, LOGITS)
    np.testing.assert_allclose(weighted, np.where(LABELS, 0.9, 0.1) * plain, 1e-5)


def test_focal_of_soft_labels():
    t = np.array([0.3, 0.5, 0.0, 1.0, 0.9, 0.1])
    p_t = t * P + (1 - t) * (1 - P)
    expected = (1 - p_t) ** 3 * -(t * np.log(P) + (1 - t) * np.log(1 - P))
    np.testing.assert_allclose(BinaryFocal(gamma=3).call(t, LOGITS), expected, 1e-5)


def test_labels_outside_zero_to_one():
    labels = np.array([0, 1, 2, 1, 0, 1], np.float32)
    with pytest.raises(ValueError, match="label 2"):
        BinaryCrossEntropy()(labels, LOGITS)
    assert np.isnan(tf.function(BinaryCrossEntropy())(labels, LOGITS))


def test_shapes_never_broadcast():
    with pytest.raises(ValueError, match="does not fit"):
        BinaryCrossEntropy()(LABELS, np.zeros([6, 4], np.float32))
    with pytest.raises(ValueError, match="does not fit"):
        BinaryCrossEntropy()(np.zeros([6, 4]), LOGITS)


def test_initial_bias():
    assert BinaryFocal().initial_bias([99, 1]) == pytest.approx(-4.59512, abs=1e-5)
    assert BinaryFocal().initial_bias(np.array([1, 99])) == pytest.approx(4.59512, abs=1e-5)
    assert BinaryFocal().initial_bias([0, 5]) is None


@pytest.mark.parametrize("counts", [[], [5], [5, 4, 3], np.array([1, 2, 3, 4])])
def test_initial_bias_is_for_two_classes(counts):
    with pytest.raises(ValueError, match=r"BinaryFocal: class_counts=\[.*expected two"):
        BinaryFocal().initial_bias(counts)
