"""What all losses with class counts keep."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base.checks import shown
from lossexp.losses import (
    EQL,
    LDAM,
    VS,
    BalancedSoftmax,
    CBCrossEntropy,
    CBFocal,
    CBSigmoid,
    DBLoss,
    EQLv2,
    EqualizedFocal,
    InfluenceBalanced,
    LogitAdjusted,
    Seesaw,
)
from tests.losses.random_logits import COUNTS

NEED_EVERY_CLASS = [
    BalancedSoftmax,
    CBCrossEntropy,
    CBFocal,
    CBSigmoid,
    DBLoss,
    LDAM,
    LogitAdjusted,
    Seesaw,
    VS,
]
ALL = [*NEED_EVERY_CLASS, EQL, EQLv2, EqualizedFocal]
Y, Z = np.arange(4), np.random.default_rng(0).normal(size=[4, 4]).astype(np.float32)


@pytest.mark.parametrize("loss", ALL)
def test_counts_are_asked_for(loss):
    assert loss.needs_counts
    with pytest.raises(ValueError, match=rf"{loss.__name__} needs the number of training examples"):
        loss().call(Y, Z)


@pytest.mark.parametrize("loss", ALL)
def test_counts_given_late_are_counts_given_early(loss):
    late = loss()
    late.adapt(np.array(COUNTS))
    early = loss(class_counts=COUNTS)
    again = loss.from_config(late.get_config())
    assert again.get_config() == late.get_config()
    assert early.class_counts == late.class_counts == again.class_counts == COUNTS
    np.testing.assert_array_equal(early.call(Y, Z), late.call(Y, Z))
    np.testing.assert_array_equal(again.call(Y, Z), late.call(Y, Z))


@pytest.mark.parametrize("loss", ALL)
def test_counts_of_another_number_of_classes(loss):
    with pytest.raises(ValueError, match="class_counts has shape"):
        loss(class_counts=[1, 2, 3]).call(Y, Z)


@pytest.mark.parametrize("loss", NEED_EVERY_CLASS)
def test_an_empty_class_is_named(loss):
    with pytest.raises(ValueError, match=r"class_counts\[2\]=0"):
        loss(class_counts=[5, 3, 0])
    with pytest.raises(ValueError, match=r"class_counts\[2\]=0"):
        loss().adapt([5, 3, 0])


@pytest.mark.parametrize("loss", [*ALL, InfluenceBalanced])
def test_counts_that_are_no_list_are_named(loss):
    for counts in (5, 5.0, float("nan"), float("inf"), True, "59", np.array(5), np.ones([2, 2])):
        entry = "[0]=[1.0, 1.0]" if np.ndim(counts) else f"={shown(counts)}: give a list, each entry a whole number"
        expected = re.escape(f"{loss.__name__}.class_counts{entry}")
        with pytest.raises(ValueError, match=expected):
            loss(class_counts=counts)
        with pytest.raises(ValueError, match=expected):
            loss().adapt(counts)


@pytest.mark.parametrize("loss", ALL)
def test_works_in_compile(loss):
    model = keras.Sequential([keras.layers.Dense(4)])
    model.compile("sgd", loss=loss(class_counts=COUNTS), jit_compile=False)
    assert np.isfinite(model.fit(Z, Y, epochs=2, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("loss", ALL)
def test_binary_data_has_two_outputs(loss):
    assert "binary" in loss.tasks
    assert loss(class_counts=[9, 1]).num_outputs(2) == 2
    assert tf.reduce_all(tf.math.is_finite(loss(class_counts=[9, 1]).call(Y % 2, Z[:, :2])))
