"""Loss scaling: overflow skips a step, halves the scale, and leaves the next update right."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.parts import Parts
from lossexp.trainer.step import Answers, Batch, train_step
from lossexp.trainer.trainer import Trainer

X = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
Y = np.arange(8, dtype=np.int32) % 3


def compiled_step(optimizer):
    """A traced step on a small float32 model, where scaling by powers of two is exact."""
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    optimizer = Trainer().ready(optimizer, model)
    loss = Focal()
    step = tf.function(lambda x, y: train_step(model, optimizer, loss, Batch(x, y), Answers(3, loss.link)))
    return model, optimizer, step


def test_an_infinite_gradient_skips_the_step_and_halves_the_scale():
    with runtime(0):
        model, optimizer, step = compiled_step(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)))
        before = model.get_weights()
        poisoned = X.copy()
        poisoned[0, 0] = np.inf
        step(tf.constant(poisoned), tf.constant(Y))
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
        assert optimizer.dynamic_scale.numpy() == 2.0**14
        assert optimizer.iterations.numpy() == 0


def test_the_update_after_an_overflow_equals_the_float32_one():
    with runtime(0):
        model, _, step = compiled_step(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)))
        step(tf.constant(np.full_like(X, np.inf)), tf.constant(Y))
        step(tf.constant(X), tf.constant(Y))
    with runtime(0):
        reference, _, plain = compiled_step(keras.optimizers.SGD(0.1))
        plain(tf.constant(X), tf.constant(Y))
    for ours, theirs in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_scaling_is_part_of_mixed_float16_only():
    with runtime(0):
        model = mlp((5,), 3)
        for precision, scaled in (("float32", False), ("mixed_bfloat16", False), ("mixed_float16", True)):
            optimizer = Trainer(precision=precision).ready(keras.optimizers.Adam(), model)
            assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer) == scaled
            assert optimizer.built


def test_loss_scale_and_skipped_steps_are_recorded():
    class Overflow(keras.layers.Layer):
        """Multiplies by a number that overflows float16 in the first step only."""

        def build(self, shape):
            self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="float32")

        def call(self, x, training=False):
            if training:
                self.steps.assign_add(1.0)
                x = tf.where(self.steps < 1.5, tf.cast(1e15, x.dtype), 1.0) * x
            return x

    with runtime(0, "mixed_float16"):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
        inputs = keras.Input(data.input_shape)
        x = Overflow(dtype="float32")(keras.layers.Dense(8)(keras.layers.Flatten()(inputs)))
        model = keras.Model(inputs, keras.layers.Dense(10, dtype="float32")(x))
        trainer = Trainer(
            epochs=1, precision="mixed_float16", progress=False, jit_compile=False, stop_on_nonfinite=False
        )
        [record] = trainer.fit(Parts(data, model, Focal(), keras.optimizers.SGD(0.01)), seed=0).history
    assert record["precision/skipped_steps"] == 1
    assert record["precision/loss_scale"] == 2.0**14


def test_bfloat16_reaches_the_accuracy_of_float32_on_digits():
    def accuracy(precision):
        with runtime(0, precision):
            data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2)
            model = mlp(data.input_shape, 10)
            trainer = Trainer(epochs=15, precision=precision, progress=False, jit_compile=False)
            fit = trainer.fit(Parts(data, model, Focal(), keras.optimizers.Adam()), seed=0)
            return fit.monitor.best_value

    # 144 validation images: one standard error of an accuracy of 0.95 is 0.018.
    assert accuracy("mixed_bfloat16") == pytest.approx(accuracy("float32"), abs=0.036)


def test_an_unknown_precision_is_refused():
    with pytest.raises(InputError, match="mixed_bfloat16"):
        Trainer(precision="half")
