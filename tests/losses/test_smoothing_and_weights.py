"""`class_weight` of every option that has it; `label_smoothing` of cross-entropies on changed logits."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax

from lossexp.losses import LDAM, ArcFace, CBCrossEntropy, CBSigmoid, CosFace, CrossEntropy, MaxSup, Seesaw
from lossexp.losses.base.class_weights import effective_number
from tests.losses.options import OPTIONS, batch, class_counts, make, num_classes

COUNTS = [800, 90, 17, 2]
RNG = np.random.default_rng(0)
Y = RNG.permutation(np.arange(12) % 4)
Z = np.tanh(RNG.normal(size=[12, 4])).astype(np.float32)
E = 0.25
SOFT = (np.eye(4)[Y] * (1 - E) + E / 4).astype(np.float32)
WEIGHED = [o for o in OPTIONS if "class_weight" in inspect.signature(type(make(o)).__init__).parameters]


def ldam(**parameters):
    return LDAM(class_counts=COUNTS, **parameters)


def seesaw(**parameters):
    return Seesaw(class_counts=COUNTS, **parameters)


@pytest.mark.parametrize("option", WEIGHED)
def test_class_weights_multiply_values(option):
    plain = make(option)
    y_true, outputs = batch(plain)
    weights = np.array([0.5, 3.0, 0.0, 2.0])[: num_classes(plain)]
    values = make(option, class_weight=weights.tolist()).call(y_true, outputs)
    np.testing.assert_allclose(values, weights[y_true.numpy()] * plain.call(y_true, outputs), 1e-5)


@pytest.mark.parametrize("option", WEIGHED)
def test_a_mean_over_weights_counts_class_weights(option):
    plain, loss = make(option), make(option, class_weight="balanced", reduction="mean_with_sample_weight")
    y_true, outputs = batch(plain)
    weights = (1.0 / np.array(class_counts(plain)))[y_true.numpy()]  # but for a factor
    expected = np.average(plain.call(y_true, outputs), weights=weights)
    np.testing.assert_allclose(loss(y_true, outputs), expected, 1e-5)


def deferred(**parameters):
    loss = LDAM(drw=0.0, **parameters)
    loss.on_epoch(0, 10)
    return loss


@pytest.mark.parametrize(
    ("make_loss", "parameters", "batch_mean", "weighted_mean"),
    [
        (CBCrossEntropy, {}, 0.82668, 1.09861),
        (deferred, {"max_m": 0.0, "s": 1.0}, 0.82668, 1.09861),
        (CBSigmoid, {"gamma": 0.0}, 1.56474, 2.07944),
    ],
)
def test_a_mean_over_weights_counts_those_by_effective_number(make_loss, parameters, batch_mean, weighted_mean):
    for reduction, expected in (("sum_over_batch_size", batch_mean), ("mean_with_sample_weight", weighted_mean)):
        loss = make_loss(class_counts=[50, 7, 3], reduction=reduction, **parameters)
        np.testing.assert_allclose(loss([0, 0, 2], np.zeros([3, 3], np.float32)), expected, 1e-5)


def test_weights_are_not_counted_before_they_are_deferred_to():
    loss = LDAM(drw=0.5, class_counts=COUNTS, reduction="mean_with_sample_weight")
    np.testing.assert_allclose(loss(Y, Z), ldam()(Y, Z), 1e-6)


@pytest.mark.parametrize("ignore_class", [None, -1])
def test_a_mean_over_weights_of_rows_of_labels(ignore_class):
    rows = (RNG.random([12, 4]) < 0.4).astype(np.float32)
    rows[0] = 0.0 if ignore_class is None else -1.0
    rows[1, 2] = 0.0 if ignore_class is None else -1.0
    given, sample_weight = {"class_counts": COUNTS, "ignore_class": ignore_class}, RNG.random(12).astype(np.float32)
    values = CBSigmoid(**given).call(rows, Z).numpy()
    weights = sample_weight * (np.maximum(rows, 0.0) @ effective_number(COUNTS))
    value = CBSigmoid(**given, reduction="mean_with_sample_weight")(rows, Z, sample_weight)
    np.testing.assert_allclose(value, (sample_weight * values).sum() / weights.sum(), 1e-5)


@pytest.mark.parametrize("make_loss", [CosFace, ArcFace, ldam, MaxSup])
def test_a_smoothed_label_is_a_soft_label(make_loss):
    smoothed, soft = make_loss(label_smoothing=E).call(Y, Z), make_loss().call(SOFT, Z)
    np.testing.assert_allclose(smoothed, soft, 1e-5)
    assert not np.allclose(smoothed, make_loss().call(Y, Z), rtol=1e-2)


@pytest.mark.parametrize("make_loss", [CosFace, ArcFace, ldam])
def test_without_a_margin_it_is_cross_entropy_with_smoothing(make_loss):
    none = {"max_m": 0.0} if make_loss is ldam else {"m": 0.0}
    values = make_loss(**none, s=7.0, label_smoothing=E).call(Y, Z)
    np.testing.assert_allclose(values, CrossEntropy(label_smoothing=E).call(Y, 7 * Z), 1e-5)


def test_deferred_weights_are_those_of_the_label_before_smoothing():
    loss, plain = ldam(drw=0.0, label_smoothing=E), ldam(label_smoothing=E)
    loss.on_epoch(0, 1)
    np.testing.assert_allclose(loss.call(Y, Z), effective_number(COUNTS)[Y] * plain.call(Y, Z), 1e-5)


def test_seesaw_changes_logits_by_the_label_before_smoothing():
    z, n = Z.astype(np.float64), np.array(COUNTS, float)
    log_p = log_softmax(z, -1)
    added = 0.8 * np.minimum(np.log(n) - np.log(n[Y])[:, None], 0)
    added += 2.0 * np.maximum(log_p - np.maximum(log_p[np.arange(12), Y], np.log(0.01))[:, None], 0)
    added[np.arange(12), Y] = 0.0
    expected = -(SOFT * log_softmax(z + added, -1)).sum(-1)
    np.testing.assert_allclose(seesaw(label_smoothing=E).call(Y, Z), expected, 1e-5)


def test_seesaw_without_its_terms_is_cross_entropy_with_smoothing():
    values = seesaw(p=0.0, q=0.0, label_smoothing=E).call(Y, Z)
    np.testing.assert_allclose(values, CrossEntropy(label_smoothing=E).call(Y, Z), 1e-5)


def test_running_seesaw_counts_labels_before_smoothing():
    loss = seesaw(running=True, label_smoothing=E)
    z = tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss(Y[:4], z[:4])
    tape.gradient(value, z)
    np.testing.assert_array_equal(loss.variables[0], np.bincount(Y[:4], minlength=4))


@pytest.mark.parametrize("make_loss", [CosFace, ArcFace, ldam, MaxSup, seesaw])
@pytest.mark.parametrize(
    "logits",
    [
        pytest.param(Z, id="any"),
        pytest.param(np.float32(np.eye(4)[Y]), id="right", marks=pytest.mark.slow),
        pytest.param(np.float32(-np.eye(4)[Y]), id="wrong", marks=pytest.mark.slow),
    ],
)
def test_smoothing_under_xla(make_loss, logits):
    loss = make_loss(label_smoothing=E)

    def compute(z):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = loss(Y, z)
        return value, tape.gradient(value, z)

    expected = compute(tf.constant(logits))
    for got, want in zip(tf.function(compute, jit_compile=True, autograph=False)(tf.constant(logits)), expected):
        assert np.isfinite(got).all()
        np.testing.assert_allclose(got, want, 1e-4, 1e-6)


@pytest.mark.parametrize("make_loss", [CosFace, ArcFace, ldam, MaxSup, seesaw])
def test_smoothing_out_of_range(make_loss):
    with pytest.raises(ValueError, match=r"label_smoothing=1\.0: give a number in \[0, 1\)"):
        make_loss(label_smoothing=1.0)
