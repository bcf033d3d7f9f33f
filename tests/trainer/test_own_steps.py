"""Models with training steps of their own: refused where they would be passed over, obeyed by `fit`."""

import types

import keras
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal
from lossexp.models.check import OF_FIT, OF_SCORING
from lossexp.models.subclassed import ConvNet
from lossexp.process.runtime import runtime
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

DATA = digits(seed=0, validation_fraction=0.2, test_fraction=0.2, limit=96)


def made(*methods):
    """A model whose class has `methods` of its own, from a class between it and Keras's."""
    own = {name: lambda self, *args, **kwargs: None for name in methods}
    return type("Own", (type("Base", (keras.Model,), own),), {})()


@pytest.mark.parametrize("method", [*OF_FIT, *OF_SCORING])
def test_a_models_own_steps_are_refused_before_training(method):
    assert callable(getattr(keras.Model, method))  # still Keras's name for it
    with pytest.raises(InputError, match=rf"its own {method}.* Use trainer=keras"):
        Trainer().check_model(made(method))


def test_all_of_them_are_named_and_those_set_on_the_model_itself():
    model = keras.Sequential([keras.layers.Dense(2)])
    Trainer().check_model(model)
    Trainer().check_model(ConvNet((8, 8, 1), 10))
    model.train_step = types.MethodType(lambda self, data: {}, model)
    model.compute_loss = lambda *args, **kwargs: 0.0
    with pytest.raises(InputError, match="its own train_step and compute_loss"):
        Trainer().check_model(model)


class Halved(keras.Sequential):
    """Trains on half of its loss."""

    def compute_loss(self, *args, **kwargs):
        return super().compute_loss(*args, **kwargs) / 2.0


def test_fit_obeys_them_and_says_what_scoring_does_not_use(caplog):
    losses = []
    for kind in (keras.Sequential, Halved):
        with runtime(0):
            model = kind([keras.Input(DATA.input_shape), keras.layers.Flatten(), keras.layers.Dense(10)])
            trainer = KerasTrainer(epochs=1, limit_train_batches=1, jit_compile=False, progress=False)
            trainer.check_model(model)
            fit = trainer.fit(Parts(DATA, model, Focal(), keras.optimizers.SGD(0.1)), seed=0)
            losses.append(fit.history[0]["train/loss"])
    assert losses[1] == pytest.approx(losses[0] / 2.0)
    assert not caplog.text
    KerasTrainer().check_model(made("test_step"))
    assert "its own test_step is not used; scores are of what its call returns" in caplog.text


class Doubled(keras.optimizers.SGD):
    """Takes twice the gradient, in the method that `fit` calls."""

    def apply_gradients(self, grads_and_vars):
        return super().apply_gradients([(2.0 * gradient, variable) for gradient, variable in grads_and_vars])


@pytest.mark.parametrize("trainer_class", [Trainer, KerasTrainer])
def test_an_optimizers_own_update_is_obeyed(trainer_class):
    weights = []
    for optimizer in (Doubled(0.1), keras.optimizers.SGD(0.2)):
        with runtime(0):
            model = keras.Sequential([keras.Input(DATA.input_shape), keras.layers.Flatten(), keras.layers.Dense(10)])
            trainer = trainer_class(epochs=1, limit_train_batches=2, jit_compile=False, progress=False)
            trainer.fit(Parts(DATA, model, Focal(), optimizer), seed=0)
            weights.append(model.get_weights()[0])
    assert weights[0] == pytest.approx(weights[1], abs=1e-6)
