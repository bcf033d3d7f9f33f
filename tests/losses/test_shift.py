"""Which losses take the mean off their targets is found out, not declared."""

import pytest
import tensorflow as tf

from lossexp.losses import as_loss
from lossexp.losses.base.regression import is_shift_invariant
from tests.losses.options import OPTIONS, make

INVARIANT = {
    *("mse", "mae", "huber", "smooth_l1", "log_cosh", "quantile", "expectile", "tukey", "barron", "wing"),
    *("eps_insensitive", "gaussian_nll", "crps", "keras_mse", "keras_mae", "keras_huber", "keras_logcosh"),
    *("function", "custom"),  # which the options fill with Keras's Huber loss
}


@pytest.mark.parametrize("option", OPTIONS)
def test_losses_of_differences_are_invariant_and_no_others(option):
    assert is_shift_invariant(make(option)) == (option in INVARIANT)


@pytest.mark.parametrize(
    ("function", "invariant"),
    [
        (lambda y, m: tf.reduce_mean((y - m) ** 2, axis=-1), True),
        (lambda y, m: tf.reduce_mean(tf.abs(y - m) / (1 + tf.abs(y)), axis=-1), False),
        (lambda y, m: tf.reduce_mean((tf.math.log1p(y) - tf.math.log1p(m)) ** 2, axis=-1), False),
        (lambda y, m: tf.reduce_mean(tf.where(y > 2, 3.0, 1.0) * tf.abs(y - m), axis=-1), False),
    ],
)
def test_a_function_of_the_users_is_tried_too(function, invariant):
    from lossexp.losses import Adapted

    assert is_shift_invariant(as_loss(Adapted(function, on="values"))) == invariant
