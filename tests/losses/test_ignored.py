"""`ignore_class`: what is ignored might as well not be in the batch, for every option that has it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import tensorflow as tf

from lossexp.losses import ASL, BinaryCrossEntropy, BinaryFocal, DBLoss, Hinge, LovaszHinge, TwoWay
from lossexp.losses.base.multiclass import MulticlassLoss
from tests.losses.options import OPTIONS, batch, make

IGNORED = -1
HAVE_IT = [o for o in OPTIONS if "ignore_class" in inspect.signature(type(make(o)).__init__).parameters]
AT = [0, 7, 8, 23]  # where an ignored example is put in
SETTINGS = [
    *((option, {}) for option in HAVE_IT),
    ("dice", {"over": "batch"}),
    ("focal_tversky", {"over": "class"}),
    ("seesaw", {"running": True}),
    ("influence", {"start": 0.5}),
    ("ldam", {"drw": 0.0}),
]
RNG = np.random.default_rng(3)
every_option = pytest.mark.parametrize("option", HAVE_IT)


def with_ignored(y_true, outputs):
    """The batch with further examples of the ignored class and NaN outputs, and where the old ones are."""
    y_true, outputs = np.insert(y_true, AT, IGNORED, axis=0), np.insert(outputs, AT, np.nan, axis=0)
    return tf.constant(y_true), tf.constant(outputs), np.isfinite(outputs[:, 0])


def value_and_gradient(loss, y_true, outputs, weights=None):
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = loss(y_true, outputs, sample_weight=weights)
    return value, tape.gradient(value, outputs)


def test_options_that_lack_it():
    """Losses of values, Keras's own, and cosine similarity, which compares vectors."""
    others = {o for o in OPTIONS if o not in HAVE_IT and "regression" not in make(o).tasks}
    assert {o for o in others if not o.startswith("keras_")} == {"cosine_similarity"}


def has_its_own_way(option):
    """The others share `MulticlassLoss.call` as it is, compiled in `test_multiclass`."""
    kind = type(make(option))
    return any(getattr(kind, m, None) is not getattr(MulticlassLoss, m) for m in ("call", "batch_values", "encoded"))


@pytest.mark.parametrize(
    ("option", "changes", "mode"),
    [
        *((*setting, "eager") for setting in SETTINGS),
        *((*setting, "XLA") for setting in SETTINGS if has_its_own_way(setting[0])),
    ],
)
def test_ignored_examples_might_as_well_not_be_there(option, changes, mode):
    alone, loss = make(option, **changes), make(option, **changes, ignore_class=IGNORED)
    for each in (alone, loss):
        each.on_epoch(3, 4)
    y_true, outputs = batch(alone)
    expected, slopes = value_and_gradient(alone, y_true, outputs)
    more, more_outputs, old = with_ignored(y_true, outputs)

    def compute(y_true, outputs):
        return value_and_gradient(loss, y_true, outputs)

    compute = tf.function(compute, jit_compile=True, autograph=False) if mode == "XLA" else compute
    value, gradient = compute(more, more_outputs)
    np.testing.assert_allclose(value, expected, 1e-5)
    np.testing.assert_allclose(gradient.numpy()[old], slopes, 1e-4, 1e-7)
    np.testing.assert_array_equal(gradient.numpy()[~old], 0.0)
    for ours, theirs in zip(loss.variables, alone.variables):  # what was counted while training
        np.testing.assert_allclose(ours, theirs, 1e-5)


@every_option
def test_a_batch_of_unknown_size(option):
    loss = make(option, ignore_class=IGNORED)
    y_true, outputs, _ = with_ignored(*batch(loss))
    unknown = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in (y_true, outputs)]
    compiled = tf.function(loss, input_signature=unknown, autograph=False)
    np.testing.assert_allclose(compiled(y_true, outputs), loss(y_true, outputs), 1e-5)


@every_option
def test_means_over_sample_weights(option):
    alone, loss = (
        make(option, reduction="mean_with_sample_weight", **more) for more in ({}, {"ignore_class": IGNORED})
    )
    y_true, outputs = batch(alone)
    more, more_outputs, old = with_ignored(y_true, outputs)
    weights = RNG.uniform(0.5, 2.0, len(old)).astype(np.float32)
    expected = alone(y_true, outputs, sample_weight=weights[old])
    np.testing.assert_allclose(loss(more, more_outputs, sample_weight=weights), expected, 1e-5)


@every_option
def test_nothing_but_ignored_examples(option):
    loss = make(option, ignore_class=IGNORED)
    y_true, outputs = batch(loss)
    value, gradient = value_and_gradient(loss, tf.fill(y_true.shape, tf.cast(IGNORED, y_true.dtype)), outputs)
    assert value == 0.0
    np.testing.assert_array_equal(gradient, tf.zeros_like(outputs))


@every_option
def test_another_label_outside_is_still_an_error(option):
    loss = make(option, ignore_class=IGNORED)
    y_true, outputs = batch(loss)
    with pytest.raises(ValueError, match="label -2"):
        loss(tf.fill(y_true.shape, tf.cast(-2, y_true.dtype)), outputs)


@every_option
def test_a_label_that_is_not_ignored_changes_nothing(option):
    loss = make(option, ignore_class=-7)
    y_true, outputs = batch(loss)
    np.testing.assert_allclose(loss.call(y_true, outputs), make(option).call(y_true, outputs), 1e-6)


@every_option
def test_ignore_class_is_a_whole_number(option):
    with pytest.raises(ValueError, match=r"ignore_class=0\.5: give a whole number"):
        make(option, ignore_class=0.5)


LABELS = RNG.integers(0, 2, [6, 4]).astype(np.float32)
LOGITS = RNG.normal(0, 2, [6, 4]).astype(np.float32)
KNOWN = RNG.random([6, 4]) < 0.6
KNOWN[2], KNOWN[3] = False, True
PARTLY = np.where(KNOWN, LABELS, -1.0).astype(np.float32)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy, BinaryFocal, Hinge])
def test_the_mean_is_over_the_labels_counted(loss):
    values = loss(ignore_class=-1).call(PARTLY, LOGITS)
    for i in range(6):
        known = KNOWN[i][None]
        alone = loss().call(LABELS[i][known[0]][None], LOGITS[i][known[0]][None]) if known.any() else [0.0]
        np.testing.assert_allclose(values[i], alone[0], 1e-5)
    np.testing.assert_allclose(loss(ignore_class=-1)(PARTLY, LOGITS), values.numpy().sum() / 5, 1e-5)


def test_a_binary_class_can_be_ignored():
    labels = np.array([0, 1, 1, 0], np.float32)
    values = BinaryCrossEntropy(ignore_class=1, label_smoothing=0.2).call(labels, LOGITS[:4, 0])
    plain = BinaryCrossEntropy(label_smoothing=0.2).call(labels, LOGITS[:4, 0])
    np.testing.assert_allclose(values, np.where(labels, 0, plain), 1e-6)


@pytest.mark.parametrize("loss", [ASL, lambda **k: DBLoss(class_counts=[5, 4, 3, 2], **k)], ids=["sum", "mean"])
def test_unknown_labels_of_a_row(loss):
    """Sums lose their terms; means are over the terms left."""
    whole, partly = loss().call(LABELS, LOGITS), loss(ignore_class=-1).call(PARTLY, LOGITS)
    np.testing.assert_allclose(partly[3], whole[3], 1e-5)  # all known
    assert partly[2] == 0.0
    rest = np.where(KNOWN, LABELS, 0.0)
    averaging = loss is not ASL
    for i in (0, 1, 4, 5):
        # Far below 0, a negative has no value: the labels not known are as good as such.
        values = loss().call(rest[i][None], np.where(KNOWN[i], LOGITS[i], -1e4)[None].astype(np.float32))
        np.testing.assert_allclose(partly[i], values[0] / (KNOWN[i].mean() if averaging else 1), 1e-5)


def test_rows_with_only_the_ignored_class_or_with_no_label():
    rows = np.float32([[0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])
    ignoring, plain = ASL(ignore_class=1).call(rows, LOGITS[:4]), ASL().call(rows, LOGITS[:4])
    np.testing.assert_allclose(ignoring, np.where([0, 1, 1, 1], plain, 0), 1e-6)
    np.testing.assert_array_equal(ASL(ignore_class=1).call([1, 0], LOGITS[:2])[0], 0.0)


def test_two_way_over_partly_known_columns():
    """A column counts as a batch of the examples whose label in it is known."""
    loss = TwoWay(t_pos=1.5, t_neg=0.5)
    labels, logits = LABELS[:, :1], LOGITS[:, :1]
    known = np.array([True, False, True, True, False, True])
    labels[known.argmax()] = 1.0
    partly = np.where(known[:, None], labels, -1.0)
    ignoring = TwoWay(t_pos=1.5, t_neg=0.5, ignore_class=-1)(partly, logits)
    np.testing.assert_allclose(ignoring, loss(labels[known], logits[known]), 1e-5)


def test_lovasz_hinge_ranks_only_known_labels():
    picked = KNOWN & (np.arange(4) < 2)
    partly = np.where(picked, LABELS, 255.0).astype(np.float32)
    expected = LovaszHinge()(LABELS[picked][:, None], LOGITS[picked][:, None])
    np.testing.assert_allclose(LovaszHinge(ignore_class=255)(partly, LOGITS), expected, 1e-5)
