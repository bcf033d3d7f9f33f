"""Losses of segmentation: one value for each pixel, as of an example of its own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from lossexp.losses import Dice, FocalTversky, LovaszSoftmax
from tests.losses.options import OPTIONS, make

SHAPE = (2, 3, 4)
LOSSES = {option: make(option) for option in OPTIONS if option not in ("function", "custom")}
SEGMENTATION = [option for option, loss in LOSSES.items() if "segmentation" in loss.tasks]
OVERLAP = [option for option in SEGMENTATION if getattr(LOSSES[option], "over", "") == "auto"]
KERAS = [option for option in SEGMENTATION if option.startswith("keras_")]  # means over the pixels of each picture
RNG = np.random.default_rng(0)
Y = RNG.permutation(np.arange(24) % 4).reshape(SHAPE)


def outputs(loss):
    z = RNG.normal(0, 2, [*SHAPE, loss.num_outputs(4)])
    return (np.tanh(z) if loss.head == "cosine" else np.abs(z)).astype(np.float32)


def encoded(loss, y):
    return np.eye(4, dtype=np.float32)[y] if loss.labels == "onehot" else y


def test_the_families():
    assert {"ce", "focal", "dice", "tversky", "focal_tversky", "lovasz_softmax", "asl"} <= set(SEGMENTATION)
    assert not {"two_way", "mmce", "coral", "corn", "bce", "mse", "squared_emd"} & set(SEGMENTATION)


@pytest.mark.parametrize("option", [o for o in SEGMENTATION if o not in OVERLAP])
def test_a_pixel_is_an_example(option):
    loss, other = make(option), make(option)
    z = outputs(loss)
    expected = other.call(encoded(loss, Y.reshape(-1)), z.reshape(24, -1)).numpy().reshape(SHAPE)
    expected = expected.mean((1, 2)) if option in KERAS else expected
    np.testing.assert_allclose(loss.call(encoded(loss, Y), z), expected, 1e-5, 1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight", "sum"])
@pytest.mark.parametrize("option", SEGMENTATION)
def test_a_weight_of_an_example_is_that_of_its_pixels(option, reduction):
    loss, other = make(option, reduction=reduction), make(option, reduction=reduction)
    z, y, weight = outputs(loss), encoded(loss, Y), np.array([0.5, 2.0], np.float32)
    pixels = weight if option in KERAS else np.broadcast_to(weight[:, None, None], SHAPE)
    np.testing.assert_allclose(loss(y, z, sample_weight=weight), other(y, z, sample_weight=pixels), 1e-6)


@pytest.mark.parametrize("option", [o for o in SEGMENTATION if o not in KERAS])
def test_pixels_of_the_ignored_class_do_not_count(option):
    loss = make(option, ignore_class=-1)
    z = outputs(loss)
    ignored = Y.copy()
    ignored[0, 0, :3] = -1
    changed = z.copy()
    changed[0, 0, :3] += 1 if loss.head != "cosine" else 0
    np.testing.assert_allclose(loss(ignored, z), loss(ignored, changed), 1e-6)
    assert not loss.call(ignored, z).numpy()[0, 0, :3].any()


@pytest.mark.parametrize("option", OVERLAP)
def test_the_overlap_of_pixels_is_by_class(option):
    of_pixels, of_batch = make(option), make(option, over="class")
    z = outputs(of_batch)
    expected = of_batch.call(Y.reshape(-1), z.reshape(24, -1)).numpy().reshape(SHAPE)
    np.testing.assert_allclose(of_pixels.call(Y, z), expected, 1e-5)


@pytest.mark.parametrize("option", OVERLAP)
def test_the_overlap_of_a_picture_is_that_of_a_batch_of_its_pixels_by_class(option):
    loss, of_batch = make(option, over="example"), make(option, over="class")
    z = outputs(loss)
    for picture in range(2):
        values = of_batch.call(Y[picture].reshape(-1), z[picture].reshape(12, -1))
        np.testing.assert_allclose(loss.call(Y, z)[picture], np.full((3, 4), values[0]), 1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("loss", [Dice(ignore_class=3), FocalTversky(over="example"), LovaszSoftmax()])
def test_in_graphs(loss, jit_compile):
    z = np.abs(RNG.normal(0, 2, [*SHAPE, 4])).astype(np.float32)
    compute = tf.function(loss, jit_compile=jit_compile, autograph=False)
    np.testing.assert_allclose(compute(Y, z), loss(Y, z), 1e-5)


def test_a_picture_without_a_counted_pixel_costs_nothing():
    y = Y.copy()
    y[0] = 9
    values = Dice(ignore_class=9, over="example").call(y, outputs(Dice()))
    assert not values[0].numpy().any()
    assert values[1].numpy().all()
