"""Forward correction: against its definition, and where its minimum is."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special

from lossexp import losses
from tests.losses.four_classes import close, logits, quickly, values


@quickly
@given(z=logits, rate=st.floats(0, 0.9))
@example(z=[0.0, 0.0, 0.0, 9.0], rate=1e-5)
def test_forward_correction_takes_cross_entropy_of_the_noisy_prediction(z, rate):
    matrix = (1 - rate) * np.eye(4) + rate / 3 * (1 - np.eye(4))
    expected = -np.log(special.softmax(np.float64(z)) @ matrix)
    close(values(losses.Forward(T=rate), z), expected)
    close(values(losses.Forward(T=matrix.tolist()), z), expected)


def test_forward_correction_has_its_minimum_at_the_clean_probabilities():
    matrix = np.array([[0.75, 0.25, 0], [0, 1, 0], [0.125, 0.25, 0.625]])
    clean = np.array([0.5, 0.3, 0.2])
    z = tf.constant(np.tile(np.log(clean), (3, 1)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = losses.Forward(T=matrix.tolist()).call([0, 1, 2], z)
        risk = tf.reduce_sum(value * tf.constant(clean @ matrix, tf.float32))
    np.testing.assert_allclose(tf.reduce_sum(tape.gradient(risk, z), axis=0), 0, atol=1e-7)


def test_a_transition_matrix_of_another_size_is_refused():
    with pytest.raises(ValueError, match="there are 4 classes"):
        values(losses.Forward(T=[[1, 0], [0, 1]]), [0.0, 0.0, 0.0, 0.0])
