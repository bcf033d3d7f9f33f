"""Label encodings, smoothing, class weights and ignored labels, which all softmax losses share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.losses import CrossEntropy, Focal, KLDivergence
from lossexp.losses.base.class_weights import balanced, effective_number
from lossexp.losses.numerics.log_probabilities import log_probabilities

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0.0, 2.0, [6, 3]).astype(np.float32)
CLASSES = np.array([0, 1, 2, 2, 1, 0])
W = np.array([1.0, 2.0, 4.0], np.float32)
NEGATIVE_LOG_P = -np.log(np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True))


def gradient(loss, y_true, logits):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(y_true, logits)
    return tape.gradient(value, logits).numpy()


def test_soft_labels_are_linear():
    soft = RNG.dirichlet(np.ones(3), 6).astype(np.float32)
    np.testing.assert_allclose(CrossEntropy().call(soft, LOGITS), (soft * NEGATIVE_LOG_P).sum(-1), 1e-5)


def test_label_smoothing_mixes_the_target_with_equal_weights():
    smoothed = np.eye(3)[CLASSES] * 0.7 + 0.1
    values = CrossEntropy(label_smoothing=0.3).call(CLASSES, LOGITS)
    np.testing.assert_allclose(values, (smoothed * NEGATIVE_LOG_P).sum(-1), 1e-5)


def test_positions_have_values_of_their_own():
    logits = RNG.normal(size=[2, 3, 4]).astype(np.float32)
    classes = RNG.integers(0, 4, [2, 3])
    values = Focal().call(classes, logits)
    assert values.shape == (2, 3)
    np.testing.assert_allclose(values[1], Focal().call(classes[1], logits[1]), 1e-6)
    np.testing.assert_array_equal(values, Focal().call(classes[..., None], logits))


def test_class_weight_multiplies_and_keeps_the_divisor():
    values = NEGATIVE_LOG_P[np.arange(6), CLASSES]
    loss = CrossEntropy(class_weight=[1, 2, 4])
    np.testing.assert_allclose(loss.call(CLASSES, LOGITS), W[CLASSES] * values, 1e-5)
    np.testing.assert_allclose(loss(CLASSES, LOGITS), (W[CLASSES] * values).mean(), 1e-5)


def test_class_weight_is_in_the_divisor_of_mean_with_sample_weight():
    values, w = NEGATIVE_LOG_P[np.arange(6), CLASSES], W[CLASSES]
    loss = CrossEntropy(class_weight=[1, 2, 4], reduction="mean_with_sample_weight")
    np.testing.assert_allclose(loss(CLASSES, LOGITS), (w * values).sum() / w.sum(), 1e-5)
    s = np.array([1, 0, 2, 1, 0.5, 3], np.float32)
    expected = (s * w * values).sum() / (s * w).sum()
    np.testing.assert_allclose(loss(CLASSES, LOGITS, sample_weight=s), expected, 1e-5)
    np.testing.assert_allclose(loss(CLASSES, LOGITS, sample_weight=s[:, None]), expected, 1e-5)
    keras_weights = s * w
    plain = CrossEntropy(reduction="mean_with_sample_weight")
    np.testing.assert_allclose(plain(CLASSES, LOGITS, sample_weight=keras_weights), expected, 1e-5)


@pytest.mark.parametrize("ignore_class", [None, 0])
@pytest.mark.parametrize("shape", [None, (), (2, 1), (2, 3), (2, 3, 1)])
@pytest.mark.parametrize("masked", [False, True])
def test_weighted_mean_over_positions(shape, masked, ignore_class):
    logits, classes = LOGITS.reshape(2, 3, 3), CLASSES.reshape(2, 3)
    weights = None if shape is None else np.arange(2.0, 2.0 + np.prod(shape, dtype=int)).reshape(shape)
    z = tf.constant(logits)
    mask = np.array([[True, False, True], [True, True, False]])
    if masked:
        z._keras_mask = tf.constant(mask)
    s = np.ones([2, 3]) if weights is None else weights.reshape(shape[:2]) * np.ones([2, 3])
    w = W[classes] * s * (mask | (not masked)) * (classes != ignore_class)
    values = NEGATIVE_LOG_P[np.arange(6), CLASSES].reshape(2, 3)
    loss = CrossEntropy(class_weight=[1, 2, 4], ignore_class=ignore_class, reduction="mean_with_sample_weight")
    np.testing.assert_allclose(loss(classes, z, sample_weight=weights), (w * values).sum() / w.sum(), 1e-5)


def test_class_weight_ignores_label_smoothing():
    plain = CrossEntropy(label_smoothing=0.3).call(CLASSES, LOGITS)
    weighted = CrossEntropy(label_smoothing=0.3, class_weight=[1, 2, 4]).call(CLASSES, LOGITS)
    np.testing.assert_allclose(weighted, W[CLASSES] * plain, 1e-6)


def test_computed_class_weights():
    counts = [10, 30, 60]
    np.testing.assert_allclose(balanced(counts), [100 / 30, 100 / 90, 100 / 180])
    weights = effective_number(counts, beta=0.9)
    expected = np.array([0.1 / (1 - 0.9**n) for n in counts])
    np.testing.assert_allclose(weights, expected * 3 / expected.sum(), 1e-12)
    np.testing.assert_allclose(effective_number([1, 10**9], 1 - 1e-12)[0], 2 / (1 + 1.0005e-9), 1e-9)
    np.testing.assert_array_equal(effective_number(counts, beta=0.0), 1.0)


@pytest.mark.parametrize("kind", ["balanced", "effective_number"])
def test_computed_class_weights_need_counts(kind):
    loss = CrossEntropy(class_weight=kind)
    assert loss.needs_counts
    with pytest.raises(ValueError, match=r"adapt\(class_counts\)"):
        loss.call(CLASSES, LOGITS)
    with pytest.raises(ValueError, match=r"class_counts\[1\]=0"):
        loss.adapt([5, 0, 5])
    loss.adapt([10, 30, 60])
    copy = CrossEntropy.from_config(loss.get_config())
    np.testing.assert_array_equal(copy.call(CLASSES, LOGITS), loss.call(CLASSES, LOGITS))
    assert not CrossEntropy().needs_counts


@pytest.mark.parametrize("ignored", [-1, 255, 1])
@pytest.mark.parametrize("one_hot", [False, True])
def test_ignored_labels_count_nowhere(ignored, one_hot):
    classes = np.array([0, ignored, 2, ignored, 0, 2])
    valid = classes != ignored
    logits = np.where(valid[:, None], LOGITS, np.nan).astype(np.float32)
    labels = tf.one_hot(classes, 3) if one_hot else classes
    values = np.where(valid, NEGATIVE_LOG_P[np.arange(6), np.clip(classes, 0, 2)], 0.0)
    weights = np.array([1, 5, 2, 5, 0.5, 3], np.float32)
    expected = {
        "sum": (weights * values).sum(),
        "sum_over_batch_size": (weights * values).sum() / valid.sum(),
        "mean_with_sample_weight": (weights * values).sum() / weights[valid].sum(),
    }
    for reduction, value in expected.items():
        loss = CrossEntropy(ignore_class=ignored, reduction=reduction)
        np.testing.assert_allclose(loss(labels, logits, sample_weight=weights), value, 1e-5)
        slopes = gradient(loss, labels, logits)
        assert np.isfinite(slopes).all()
        assert not slopes[~valid].any()
        assert slopes[valid].all()
    weighted = CrossEntropy(ignore_class=ignored, class_weight=[1, 2, 4], reduction="mean_with_sample_weight")
    w = np.where(valid, W[np.clip(classes, 0, 2)], 0.0)
    np.testing.assert_allclose(weighted(labels, logits), (w * values).sum() / w.sum(), 1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_ignored_labels_in_compiled_graphs(jit_compile):
    classes, logits = np.array([0, -1, 2, 1, -1, 1]), np.where([[1], [0], [1], [1], [0], [1]], LOGITS, np.nan)
    loss = Focal(ignore_class=-1)
    with tf.GradientTape() as tape:
        z = tf.Variable(logits.astype(np.float32))
        value = tf.function(lambda: loss(classes, z), jit_compile=jit_compile)()
    np.testing.assert_allclose(value, Focal()(classes[classes >= 0], LOGITS[classes >= 0]), 1e-6)
    assert np.isfinite(tape.gradient(value, z)).all()


def test_ignoring_agrees_with_keras():
    classes = np.array([0, 1, 2, 1, 0, 2])
    ours = CrossEntropy(ignore_class=1)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)
    np.testing.assert_allclose(ours(classes, LOGITS), theirs(classes, LOGITS), 1e-6)


def test_all_ignored_is_zero():
    loss = CrossEntropy(ignore_class=1)
    assert loss(np.ones(6, int), LOGITS) == 0.0
    assert not gradient(loss, np.ones(6, int), LOGITS).any()


@pytest.mark.parametrize("bad", [3, -1, 0.5])
def test_labels_outside_the_classes(bad):
    labels = np.array([0, 1, bad, 2, 1, 0], np.float32)
    with pytest.raises(ValueError, match=r"at position \[2\].*\[0, 3\)"):
        CrossEntropy()(labels, LOGITS)
    in_a_graph = tf.function(CrossEntropy(reduction="none"))(labels, LOGITS)
    assert np.isnan(in_a_graph[2])  # loud, where nothing can be raised
    assert np.isfinite(in_a_graph.numpy()[[0, 1, 3, 4, 5]]).all()


def test_negative_soft_labels():
    labels = np.eye(3, dtype=np.float32)[CLASSES]
    labels[2] = [1.5, -0.5, 0.0]
    with pytest.raises(ValueError, match=r"label -0\.5"):
        CrossEntropy()(labels, LOGITS)
    in_a_graph = tf.function(CrossEntropy(reduction="none"))(labels, LOGITS)
    np.testing.assert_array_equal(np.isnan(in_a_graph), np.arange(6) == 2)


@pytest.mark.parametrize(
    "loss", [CrossEntropy(), KLDivergence(), Focal(gamma=1.5, alpha=[1, 2, 3], detach=True)], ids=type
)
def test_every_encoding_and_dtype_gives_the_formula(loss):
    soft = RNG.dirichlet(np.ones(3), 6).astype(np.float32)
    hard = np.eye(3, dtype=np.float32)[CLASSES]
    for labels, t in ((CLASSES, hard), (CLASSES[:, None].astype(np.int8), hard), (hard, hard), (soft, soft)):
        for logits in (LOGITS, LOGITS.astype(np.float16)):
            expected = loss.formula(t, *log_probabilities(logits.astype(np.float32)))
            np.testing.assert_allclose(loss.call(labels, logits), expected, 1e-6)


@pytest.mark.parametrize("graph", [False, True])
def test_cross_entropy_is_the_same_by_class_numbers_and_by_one_hot_labels(graph):
    """They take different ways: a fused kernel, and the formula."""
    logits = RNG.normal(0.0, 30.0, [60, 7]).astype(np.float32)
    logits[:7, 3], logits[7] = -np.inf, -np.inf
    classes = RNG.integers(0, 7, 60)

    def both(logits):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            values = [CrossEntropy().call(labels, logits) for labels in (classes, tf.one_hot(classes, 7))]
        return values, [tape.gradient(value, logits) for value in values]

    (a, b), (slope_a, slope_b) = (tf.function(both) if graph else both)(tf.constant(logits))
    assert np.isinf(a).any()
    np.testing.assert_allclose(a, b, 1e-5)
    np.testing.assert_allclose(slope_a, slope_b, 1e-5, 1e-6)


def test_detach_leaves_the_value_and_drops_a_gradient():
    plain, detached = Focal(gamma=2), Focal(gamma=2, detach=True)
    np.testing.assert_array_equal(plain.call(CLASSES, LOGITS), detached.call(CLASSES, LOGITS))
    p_y = np.exp(-NEGATIVE_LOG_P[np.arange(6), CLASSES])
    of_cross_entropy = gradient(CrossEntropy(reduction="sum"), CLASSES, LOGITS)
    expected = (1 - p_y[:, None]) ** 2 * of_cross_entropy
    np.testing.assert_allclose(
        gradient(Focal(gamma=2, detach=True, reduction="sum"), CLASSES, LOGITS), expected, 1e-4, 1e-6
    )


def test_one_output_is_refused():
    with pytest.raises(ValueError, match="binary loss"):
        CrossEntropy()(np.zeros([4, 1]), np.zeros([4, 1], np.float32))


def test_trains_through_compile():
    x = RNG.normal(size=[64, 5]).astype(np.float32)
    y = x[:, :3].argmax(-1)
    model = keras.Sequential([keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.1), loss=Focal(gamma=2, class_weight="balanced"))
    model.loss.adapt(np.bincount(y))
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
