import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.models.heads import make_head

FEATURES = np.random.default_rng(0).normal(0, 3, (20, 6)).astype(np.float32)


def outputs(head, features=FEATURES) -> np.ndarray:
    return keras.ops.convert_to_numpy(head(features))


def test_a_linear_head_is_affine():
    head = make_head("linear", 4, initial_bias=1.5)
    kernel, bias = (head(FEATURES), head.get_weights())[1]
    assert np.allclose(outputs(head), FEATURES @ kernel + bias, atol=1e-5)
    assert (bias == 1.5).all()


def test_a_cosine_head_gives_the_cosines_of_features_and_directions():
    head = make_head("cosine", 4, initial_bias=1.5)
    (kernel,) = (head(FEATURES), head.get_weights())[1]
    lengths = np.linalg.norm(FEATURES, axis=1)[:, None] * np.linalg.norm(kernel, axis=0)
    assert np.allclose(outputs(head), FEATURES @ kernel / lengths, atol=1e-6)


def test_cosines_stay_in_minus_1_to_1():
    head = make_head("cosine", 3)
    head(FEATURES)
    aligned = np.repeat(head.get_weights()[0].T, 50, axis=0) * np.linspace(1e-4, 1e4, 150, dtype=np.float32)[:, None]
    assert np.abs(outputs(head, aligned)).max() <= 1
    assert np.allclose(outputs(head, aligned).max(axis=1), 1)


def test_features_that_are_all_zero_have_finite_gradients():
    head = make_head("cosine", 3)
    features = tf.Variable(np.zeros((2, 6), np.float32))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(head(features))
    gradients = tape.gradient(value, [features, *head.trainable_variables])
    assert float(value) == 0
    assert all(np.isfinite(g).all() for g in gradients)


def test_an_ordinal_head_shares_one_score():
    head = make_head("ordinal", 4)
    differences = np.diff(outputs(head), axis=1)
    assert np.allclose(differences, differences[0], atol=1e-5)
    assert [tuple(w.shape) for w in head.weights] == [(6, 1), (4,)]


def test_an_ordinal_head_starts_with_equally_likely_classes_in_order():
    head = make_head("ordinal", 4)
    above = 1 / (1 + np.exp(-outputs(head, np.zeros((1, 6), np.float32))[0]))
    assert np.allclose(above, [0.8, 0.6, 0.4, 0.2], atol=1e-6)


def test_the_initial_bias_of_an_ordinal_head():
    head = make_head("ordinal", 4, initial_bias=-1.0)
    assert np.allclose(outputs(head, np.zeros((1, 6), np.float32)), -1)


@pytest.mark.parametrize("kind", ["linear", "cosine", "ordinal", "norm"])
def test_a_head_is_float32_under_mixed_precision(kind):
    keras.config.set_dtype_policy("mixed_bfloat16")
    head = make_head(kind, 3)
    assert head(FEATURES.astype(np.float16)).dtype == "float32"
    assert all(weight.dtype == "float32" for weight in head.weights)


@pytest.mark.parametrize("kind", ["linear", "cosine", "ordinal", "norm"])
def test_a_head_is_rebuilt_from_its_config(kind):
    head = make_head(kind, 3, 0.25)
    rebuilt = type(head).from_config(head.get_config())
    head(FEATURES)
    rebuilt(FEATURES)
    rebuilt.set_weights(head.get_weights())
    assert np.array_equal(outputs(head), outputs(rebuilt))


def test_an_unknown_head_is_refused_by_name():
    with pytest.raises(InputError, match=r"head='spherical' is none of linear, cosine, ordinal, norm"):
        make_head("spherical", 3)


def test_a_norm_head_is_a_linear_head_and_the_norm_of_its_features():
    head = make_head("norm", 4, initial_bias=0.5)
    got = outputs(head)
    kernel, bias = head.get_weights()
    assert np.allclose(got[:, :3], FEATURES @ kernel + bias, atol=1e-6)
    assert np.array_equal(bias, [0.5, 0.5, 0.5])
    assert np.allclose(got[:, 3], np.abs(FEATURES).sum(axis=1))
