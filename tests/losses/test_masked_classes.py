"""A logit of -inf: the class has probability 0 and no gradient, and the loss is that on the other classes."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base import links
from lossexp.losses import BinaryCrossEntropy, BiTempered, CrossEntropy, Focal, as_loss
from lossexp.losses.base.multiclass import MulticlassLoss
from lossexp.losses.base.one_vs_rest import OneVsRest
from tests.losses.options import BATCH, OPTIONS, batch, make, num_classes, some

MASKED = 1  # neither the most frequent class nor the rarest
OF_CLASSES = [o for o in OPTIONS if "regression" not in make(o).tasks]
SOFTMAX = [o for o in OF_CLASSES if links.split(make(o).link)[0] in ("softmax", "tempered", "softmax_norm")]
SIGMOIDS = [o for o in OF_CLASSES if o not in SOFTMAX]
# These are not the loss of the other classes alone, as something is known of each of the K: its weight among K, its
# place, its noise, a mean over K. Of Keras's circle loss the angle between embeddings.
KNOW_ALL_CLASSES = {"backward", "cb_ce", "cb_focal", "forward", "influence", "keras_circle", "mdca", "squared_emd"}
KNOW_ALL_CLASSES |= {"ramp", "savage", "sigmoid", "unhinged"}
# The logit itself is part of these formulas, not only the probability.
SEE_THE_LOGIT = {"backward", "bi_tempered", "cosine_similarity", "keras_circle", "keras_cosine", "logit_norm"}
SEE_THE_LOGIT |= {"maxsup", "nce", "nce_mae", "nce_rce", "nfl", "nfl_rce", "unhinged"}
SEE_THE_LOGIT |= {"ghm_c"}  # which counts answers
COUNTS = [400, 300, 200, 100]


def value_and_gradient(loss, y_true, outputs, mode="eager"):
    def both(y_true, outputs):
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            values = loss.call(y_true, outputs)
        return values, tape.gradient(values, outputs)

    y_true, outputs = tf.convert_to_tensor(y_true), tf.constant(outputs, tf.float32)
    if mode != "eager":
        unknown = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in (y_true, outputs)]
        both = tf.function(both, input_signature=unknown, autograph=False)
    values, gradient = both(y_true, outputs)
    return values.numpy(), gradient.numpy()


def whole_batch(loss):
    """Labels, their class numbers, and outputs, all NumPy."""
    y_true, outputs = (x.numpy() for x in batch(loss))
    if loss.head == "norm":
        outputs[:, -1] = np.abs(outputs[:, -1])
    return y_true, y_true.argmax(-1) if loss.labels == "onehot" else y_true.reshape(-1).astype(int), outputs


def example_batch(loss):
    """The same; no label is the masked class."""
    y_true, classes, outputs = whole_batch(loss)
    kept = classes != MASKED if num_classes(loss) > 2 else np.ones(BATCH, bool)
    return y_true[kept], classes[kept], outputs[kept]


def adapted(option, counts, **changes):
    loss = make(option, **changes)
    if isinstance(loss, MulticlassLoss):
        loss.adapt(counts)
    return loss


def without_smoothing(option):
    return "label_smoothing" not in inspect.signature(type(make(option)).__init__).parameters


@pytest.mark.parametrize("option", sorted(set(SOFTMAX) - KNOW_ALL_CLASSES))
def test_the_loss_is_that_of_the_other_classes(option):
    for changes in [{}] if without_smoothing(option) else [{}, {"label_smoothing": 0.2}]:
        y_true, classes, outputs = example_batch(make(option))
        rest = [k for k in range(4) if k != MASKED]
        masked = outputs.copy()
        masked[:, MASKED] = -np.inf
        alone = adapted(option, [COUNTS[k] for k in rest], **changes)
        fewer = y_true[:, rest] if y_true.ndim == 2 else np.searchsorted(rest, classes)
        expected, slopes = value_and_gradient(alone, fewer, outputs[:, rest])
        values, gradient = value_and_gradient(adapted(option, COUNTS, **changes), y_true, masked)
        np.testing.assert_allclose(values, expected, 1e-5, 1e-6)
        np.testing.assert_allclose(gradient[:, rest], slopes, 1e-4, 1e-6)
        np.testing.assert_array_equal(gradient[:, MASKED], 0.0)


@pytest.mark.parametrize("option", some(OF_CLASSES))
def test_in_a_graph_beside_examples_without_masks(option):
    """Where the formula sees probabilities only, as a very low logit."""
    changes = {} if without_smoothing(option) else {"label_smoothing": 0.0}
    loss = make(option, **changes)
    y_true, classes, outputs = example_batch(loss)
    at = MASKED if outputs.shape[1] > 1 else 0
    rows = np.arange(len(classes)) % 2 == 0
    if option in SIGMOIDS:  # an answer of "no" to "is it class k?", or to "is it above class k?"
        above = links.split(loss.link)[0] in ("ordinal", "conditional")
        rows &= classes <= at if above else (classes == 0 if num_classes(loss) == 2 else classes != at)
    masked, low = outputs.copy(), outputs.copy()
    masked[rows, at], low[rows, at] = -np.inf, -3000.0
    values, gradient = value_and_gradient(loss, y_true, masked, "graph")
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[rows, at], 0.0)
    assert gradient.any()
    if option not in SEE_THE_LOGIT:
        expected, slopes = value_and_gradient(make(option, **changes), y_true, low)
        np.testing.assert_allclose(values, expected, 1e-5, 1e-6)
        np.testing.assert_allclose(gradient, slopes, 1e-4, 1e-6)


@pytest.mark.parametrize("option", [o for o in OF_CLASSES if not o.startswith("keras_")])  # those say what Keras says
def test_a_masked_label_is_infinite_or_the_bound_of_the_loss(option):
    loss = make(option)
    y_true, classes, outputs = whole_batch(loss)
    far, farther = outputs.copy(), outputs.copy()
    answers = outputs.shape[1] == num_classes(loss) - 1  # of one or several sigmoids, about the classes above
    if answers:
        classes, rows = np.zeros_like(classes), classes == num_classes(loss) - 1
    else:
        rows = np.ones(BATCH, bool)
    i = np.flatnonzero(rows)
    outputs[i, classes[i]], far[i, classes[i]], farther[i, classes[i]] = -np.inf, -1e4, -1e6
    values, gradient = value_and_gradient(loss, y_true, outputs)
    assert not np.isnan(values).any()
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[i, classes[i]], 0.0)
    if option not in SEE_THE_LOGIT or option == "logit_norm":
        far, farther = (value_and_gradient(make(option), y_true, z)[0][i] for z in (far, farther))
        unbounded = (farther > 10 * far) | (option == "logit_norm")
        np.testing.assert_array_equal(np.isposinf(values[i]), unbounded)
        np.testing.assert_allclose(values[i][~unbounded], farther[~unbounded], 1e-5)


def test_as_kerass_sparse_cross_entropy():
    z = np.float32([[1, 2, -np.inf], [0, -np.inf, 1], [0.5, 1, -2], [-np.inf, -np.inf, 3]])
    y = np.array([0, 2, 1, 2])
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
    np.testing.assert_allclose(CrossEntropy().call(y, z), theirs(y, z), 1e-6)
    assert np.isposinf(CrossEntropy()([2], z[:1]))
    assert np.isposinf(theirs(np.array([2]), z[:1]))


def test_a_masked_label_without_weight_costs_nothing():
    z = tf.constant([[1.0, 2.0, -np.inf]])
    assert CrossEntropy(class_weight=[1, 1, 0])([2], z) == 0.0
    assert CrossEntropy(ignore_class=2)([2], z) == 0.0


@pytest.mark.parametrize("option", [o for o in OF_CLASSES if isinstance(make(o), MulticlassLoss)])
def test_no_class_left(option):
    loss = make(option)
    outputs = np.full([2, loss.num_outputs(4)], -np.inf, np.float32)
    values, gradient = value_and_gradient(loss, np.array([0, 0]), outputs)
    np.testing.assert_array_equal(gradient[:, : loss.num_outputs(4) - (loss.head == "norm")], 0.0)
    if not isinstance(loss, OneVsRest) and option in SOFTMAX and loss.head != "norm":
        assert np.isposinf(values).all()  # a softmax of nothing
    assert not np.isnan(values).any()


@pytest.mark.parametrize("option", sorted(set(SOFTMAX) - {"keras_gce"}))
def test_only_the_label_is_left(option):
    """Keras's own GCE takes a power of 0, with an infinite slope."""
    loss = make(option)
    y_true, classes, outputs = whole_batch(loss)
    width = num_classes(loss)
    outputs[:, :width] = np.where(np.eye(width, dtype=bool)[classes], outputs[:, :width], -np.inf)
    values, gradient = value_and_gradient(loss, y_true, outputs)
    assert np.isfinite(values).all()
    assert np.isfinite(gradient).all()
    assert option not in ("nce", "nfl") or (values == 1.0).all()  # of all labels that there are the sum is 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_in_half_precision(dtype):
    z = tf.cast([[1.0, 2.0, -np.inf]], dtype)
    np.testing.assert_allclose(Focal(gamma=0).call([0], z), [np.log(1 + np.e)], 1e-6)


@pytest.mark.parametrize("t2", [1.0, 1.5, 4.0, 9.0])
def test_heavy_tails_leave_nothing_for_a_masked_class(t2):
    z = np.float32([[1.0, -0.5, -np.inf], [0.0, 3.0, -np.inf]])
    loss = BiTempered(t1=0.5, t2=t2)
    np.testing.assert_allclose(loss.call([0, 1], z), loss.call([0, 1], z[:, :2]), 1e-5)


def test_label_smoothing_spares_a_certain_no():
    loss = BinaryCrossEntropy(label_smoothing=0.2)
    assert loss([[0.0]], [[-np.inf]]) == 0.0
    assert np.isposinf(loss([[1.0]], [[-np.inf]]))


def test_own_functions_see_a_low_logit_too():
    z = np.float32([[1, 2, -np.inf], [0, 1, 2]])
    theirs = as_loss(keras.losses.CategoricalCrossentropy(from_logits=True))
    np.testing.assert_allclose(theirs.call(np.array([0, 1]), z), CrossEntropy().call(np.array([0, 1]), z), 1e-5)


def test_nan_and_infinity_stay_what_they_are():
    for wrong in (np.nan, np.inf):
        assert np.isnan(CrossEntropy()([0], [[wrong, 1.0, 2.0]]))
