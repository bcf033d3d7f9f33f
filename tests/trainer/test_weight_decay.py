"""Coupled (L2) weight decay, which papers on SGD mean, beside the optimizers' decoupled one."""

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer


def weights(trainer_class=Trainer, optimizer=keras.optimizers.SGD, **settings):
    """Initial weights, and those after one step of a step size of 0.1."""
    with runtime(0):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=64)
        model = mlp(data.input_shape, 10)
        before = model.get_weights()
        trainer = trainer_class(epochs=1, limit_train_batches=1, progress=False, jit_compile=False, **settings)
        trainer.fit(Parts(data, model, Focal(), optimizer(0.1)), seed=0)
        return before, model.get_weights()


@pytest.mark.parametrize("trainer_class", [Trainer, KerasTrainer])
def test_it_adds_a_multiple_of_the_weights_to_the_gradient(trainer_class):
    before, plain = weights(trainer_class)
    _, decayed = weights(trainer_class, l2=0.5)
    for start, without, having in zip(before, plain, decayed, strict=True):
        np.testing.assert_allclose(having, without - 0.1 * 0.5 * start, rtol=1e-5, atol=1e-7)


def test_under_adam_it_differs_from_decoupled_decay():
    _, coupled = weights(optimizer=keras.optimizers.Adam, l2=0.5)
    _, decoupled = weights(optimizer=lambda rate: keras.optimizers.Adam(rate, weight_decay=0.5))
    assert any(np.abs(mine - other).max() > 1e-3 for mine, other in zip(coupled, decoupled, strict=True))


def test_a_negative_one_is_refused():
    with pytest.raises(InputError, match=r"trainer\.l2=-1: give a number in"):
        Trainer(l2=-1)
