"""A NaN in training ends it with where it happened."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Adapted, Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.engine import Totals
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.nonfinite import Diverged, check_finite
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer


def diverge(trainer_class=Trainer, **settings):
    with runtime(0):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=200)
        model = mlp(data.input_shape, 10)
        trainer = trainer_class(epochs=3, progress=False, jit_compile=False, **settings)
        return trainer.fit(Parts(data, model, Focal(), keras.optimizers.SGD(1e30)), seed=0)


def test_the_step_its_examples_and_its_largest_output_are_named():
    with pytest.raises(
        Diverged, match=r"after the update of epoch 1, step 1 \(training examples \d+, .*largest absolute output \d"
    ):
        diverge()


@pytest.mark.parametrize(("checked", "what"), [(False, "objective became"), (True, "objective or a gradient became")])
def test_the_message_claims_and_advises_what_is_known(checked, what):
    totals = Totals(bad_step=1, bad_logit=3.5)
    expected = rf"^The training {what} NaN .* epoch 1, step 2 \(training examples 2, 3; largest absolute output 3\.5\)"
    with pytest.raises(Diverged, match=expected) as raised:
        check_finite(totals, 0, np.arange(6), 2, checked)
    assert ("debug=nan" in str(raised.value)) != checked
    check_finite(Totals(), 0, np.arange(6), 2, checked)


@keras.saving.register_keras_serializable("test")
class NaNSlope(keras.layers.Layer):
    """The identity; where an input is above 1, with an infinite slope."""

    def call(self, x):
        return x + keras.ops.sqrt(keras.ops.relu(1.0 - x) * 0.0) * keras.ops.cast(x > 1.0, x.dtype)


def train_into_nan_slope(precision="float32", **settings):
    """SGD until some output passes 1; from then on gradients are NaN while the loss is finite."""
    with runtime(0, precision):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=200)
        inputs = keras.Input(data.input_shape)
        z = keras.layers.Dense(10)(keras.layers.Flatten()(inputs))
        model = keras.Model(inputs, NaNSlope(dtype="float32")(z))
        trainer = Trainer(precision=precision, progress=False, jit_compile=False, **settings)
        return trainer.fit(Parts(data, model, Focal(), keras.optimizers.SGD(0.02)), seed=0)


@pytest.mark.parametrize("last", [False, True])
def test_a_nan_gradient_is_laid_to_the_step_that_had_it(last):
    with pytest.raises(Diverged) as exact:
        train_into_nan_slope(epochs=20, check_gradients=True)
    where = re.search(r"epoch (\d+), step (\d+) \(.*?largest absolute output [\d.]+\)", str(exact.value))
    assert where[1] == "1"
    limit = int(where[2]) if last else None  # then no later step could notice
    with pytest.raises(Diverged, match="after the update of") as found:
        train_into_nan_slope(epochs=1, limit_train_batches=limit)
    assert where[0] in str(found.value)


def first_step(loss, factor=1.0, trainer_class=Trainer):
    with runtime(0):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
        inputs = keras.Input(data.input_shape)
        outputs = keras.layers.Dense(10)(keras.layers.Flatten()(inputs)) * factor
        trainer = trainer_class(epochs=1, progress=False, jit_compile=False)
        trainer.fit(Parts(data, keras.Model(inputs, outputs), loss, keras.optimizers.SGD(0.1)), seed=0)


@pytest.mark.parametrize("trainer_class", [Trainer, KerasTrainer])
def test_what_is_not_finite_before_any_update_is_not_laid_to_the_learning_rate(trainer_class):
    def logarithm(y, p):
        return tf.reduce_mean(tf.math.log(-1.0 - p * p), axis=-1)

    with pytest.raises(Diverged) as of_loss:
        first_step(Adapted(logarithm, on="logits", labels="sparse"), trainer_class=trainer_class)
    with pytest.raises(Diverged) as of_model:
        first_step(Focal(), float("inf"), trainer_class)
    for raised in (of_loss, of_model):
        assert "before the model was updated at all" in str(raised.value)
        assert "learning_rate" not in str(raised.value)
    if trainer_class is Trainer:
        assert "first outputs are finite: look at the loss" in str(of_loss.value)
        assert "first outputs are not finite: look at the model" in str(of_model.value)


def test_gradients_that_overflow_at_any_loss_scale_end_the_training():
    with pytest.raises(Diverged, match=r"a gradient became NaN or infinite in epoch \d+, step \d+"):
        train_into_nan_slope("mixed_float16", epochs=40)


def test_fit_ends_with_the_same_error():
    with pytest.raises(Diverged, match="NaN or Inf loss"):
        diverge(KerasTrainer)


def test_training_goes_on_when_told_to():
    history = diverge(stop_on_nonfinite=False).history
    assert len(history) == 3
    assert np.isnan(history[-1]["train/loss"])


def test_a_gradient_that_is_not_finite_is_found_where_it_is_checked():
    @keras.saving.register_keras_serializable("test")
    class RootAtZero(keras.layers.Layer):
        def call(self, x):
            return x + keras.ops.sqrt(x * 0.0)  # finite value, infinite slope

    with runtime(0):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=100)
        inputs = keras.Input(data.input_shape)
        x = RootAtZero()(keras.layers.Dense(8, activation="relu")(keras.layers.Flatten()(inputs)))
        model = keras.Model(inputs, keras.layers.Dense(10)(x))
        trainer = Trainer(epochs=1, progress=False, jit_compile=False, check_gradients=True)
        with pytest.raises(Diverged, match="step 1 "):
            trainer.fit(Parts(data, model, Focal(), keras.optimizers.SGD(0.1)), seed=0)
