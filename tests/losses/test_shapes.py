"""Labels that do not fit the outputs are refused, never broadcast: also in graphs that know no batch size."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from lossexp import losses
from tests.losses.options import OPTIONS, batch, make, some

FAIL_EMPTY = ("keras_cathinge", "keras_ctc")  # Keras's own, with nothing to take a maximum of
every_option = pytest.mark.parametrize("option", OPTIONS)


def fitting_and_not(option):
    """Labels of four examples as the loss asks for them, outputs, and labels that would broadcast or do not fit."""
    y_true, outputs = (x.numpy()[:4] for x in batch(make(option)))
    wrong = [y_true[:1], y_true[:3], np.concatenate([y_true, y_true])]
    if y_true.ndim == 2:
        wrong += [np.stack([y_true] * 4), np.ones([4, outputs.shape[1] + 1], y_true.dtype)]
        wrong += [y_true[:, :1][:1]]
    else:
        wrong += [np.stack([y_true] * 2), y_true[:1, None], y_true[0]]
    return y_true, outputs, wrong


def refused(compute, y_true, outputs):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        compute(tf.constant(y_true), tf.constant(outputs))


@every_option
def test_in_eager_mode(option):
    loss = make(option)
    y_true, outputs, wrong = fitting_and_not(option)
    assert loss(y_true, outputs).shape == ()
    for labels in wrong:
        refused(loss, labels, outputs)
        refused(loss.call, labels, outputs)


@pytest.mark.parametrize("option", some(OPTIONS))
def test_in_graphs_with_an_unknown_batch_size(option):
    loss = make(option, reduction=None)
    y_true, outputs, wrong = fitting_and_not(option)
    signature = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in (y_true, outputs)]
    compute = tf.function(loss, input_signature=signature, autograph=False)
    np.testing.assert_allclose(compute(y_true, outputs), make(option, reduction=None)(y_true, outputs), 1e-5, 1e-6)
    for labels in wrong[:3]:
        refused(compute, labels, outputs)
    if option not in FAIL_EMPTY:
        assert compute(y_true[:0], outputs[:0]).shape == (0,)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    ("loss", "y", "z"),
    [
        (losses.MSE(), [1.0], [[1.0], [2.0], [3.0], [4.0]]),
        (losses.MSE(), [[1.0]], [[1.0], [2.0], [3.0], [4.0]]),
        (losses.CRPS(), [1.0], [[1.0, 0.0], [2.0, 0.0]]),
        (losses.CrossEntropy(), [1], np.eye(4, 3, dtype=np.float32)),
        (losses.CrossEntropy(), np.eye(1, 3, dtype=np.float32), np.eye(4, 3, dtype=np.float32)),
        (losses.BinaryCrossEntropy(ignore_class=-1), [1.0], np.eye(4, 1, dtype=np.float32)),
        (losses.CORAL(), [1], np.eye(4, 3, dtype=np.float32)),
    ],
)
def test_one_label_for_many_outputs(loss, y, z, jit_compile):
    y, z = tf.constant(y), tf.constant(z)
    unknown = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in (y, z)]
    for compute in (loss, tf.function(loss, input_signature=unknown, jit_compile=jit_compile, autograph=False)):
        refused(compute, y, z)


@pytest.mark.parametrize("loss", [losses.GaussianNLL(), losses.CRPS()])
def test_one_target_of_one_normal_distribution(loss):
    with pytest.raises(ValueError, match="does not fit"):
        loss.call(np.ones([2, 3]), np.zeros([2, 2]))
    with pytest.raises(ValueError, match="mean and log spread"):
        loss.call(np.ones([2]), np.zeros([2, 3]))


@pytest.mark.parametrize("wrong", [(2, 6), (4, 3), (3, 1), (1, 4)])
def test_positions_that_do_not_fit(wrong):
    """Also where there are as many labels as outputs, in another order."""
    signature = [tf.TensorSpec([None, None], tf.int64), tf.TensorSpec([None, None, 5], tf.float32)]
    compute = tf.function(losses.CrossEntropy(), input_signature=signature, autograph=False)
    z = np.zeros([3, 4, 5], np.float32)
    np.testing.assert_allclose(compute(np.ones([3, 4], int), z), np.log(5.0), 1e-6)
    refused(compute, np.ones(wrong, int), z)


@pytest.mark.parametrize("option", [o for o in OPTIONS if o not in FAIL_EMPTY])
def test_an_empty_batch(option):
    for reduction in (None, "sum", "sum_over_batch_size"):
        loss = make(option, reduction=reduction)
        y_true, outputs = (x[:0] for x in batch(loss))
        assert loss(y_true, outputs).shape == (0,)  # Keras reduces nothing where it sees that there is nothing


@pytest.mark.parametrize("option", ["ce", "dice", "lovasz_hinge", "mmce", "huber", "keras_bce"])
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
def test_an_empty_batch_is_0_in_a_graph(option, reduction):
    loss = make(option, reduction=reduction)
    y_true, outputs = (x[:0] for x in batch(loss))
    signature = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in (y_true, outputs)]
    assert tf.function(loss, input_signature=signature, autograph=False)(y_true, outputs) == 0.0
