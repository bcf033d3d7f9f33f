"""Running statistics of a loss that grow when it trains, and only then."""

from __future__ import annotations

import tensorflow as tf


def add_when_trained(values: tf.Tensor, totals: list[tf.Variable], increments: list[tf.Tensor]) -> tf.Tensor:
    """`values` unchanged; each variable of `totals` grows by its increment when their gradient is taken.

    A loss is not told whether it is called for training or for evaluation, but only training asks for its
    gradient. So evaluation leaves the statistics alone, whoever wrote the loop: eager, `tf.function`, XLA or
    Keras's `fit`. Two gradients of one value count twice.
    """

    @tf.custom_gradient
    def identity(values, *increments):
        def backward(upstream):
            for total, increment in zip(totals, increments):
                total.assign_add(increment)
            return upstream, *(None for _ in increments)

        return tf.identity(values), backward

    return identity(values, *(tf.stop_gradient(increment) for increment in increments))
