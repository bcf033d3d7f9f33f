"""Two processes that share each batch train what one process trains, and are equal to the bit."""

import json
import sys

import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.trainer.trainer import Trainer
from tests.workers import outputs_of, start_workers

TRAINING = """
import json, sys
import keras, numpy as np
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal, MMCE
from lossexp.models.mlp import mlp
from lossexp.models.sparse_mlp import sparse_mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.devices import devices
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

strategy, folder = sys.argv[1:]
where = devices(strategy)  # before TensorFlow does anything
DATA = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=97)  # a last batch of one example

def normalised(input_shape, num_outputs):
    hidden = keras.layers.Dense(16), keras.layers.BatchNormalization(synchronized=True), keras.layers.Dense(num_outputs)
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), *hidden])

def train(make_model=mlp, loss=Focal, folder=None, epochs=2, clip=None, **settings):
    with runtime(0):
        trainer = Trainer(epochs=epochs, batch_size=33, progress=False, strategy=strategy, **settings)
        with trainer.scope():
            model = make_model(DATA.input_shape, DATA.num_classes)
            optimizer = keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=clip, use_ema=True, ema_momentum=0.9)
            made = loss()
        fit = trainer.fit(Parts(DATA, model, made, optimizer), 0, folder=folder)
        losses = [[r["train/loss"], r["val/loss"], r["val/accuracy"]] for r in fit.history]
        return losses, [np.asarray(v).tolist() for v in model.trainable_variables]

results = {
    "plain": train(),
    "summed and clipped": train(loss=lambda: Focal(reduction="sum"), clip=1.0),
    "penalties": train(sparse_mlp, lambda: MMCE(weight=4.0), l2=1e-3),
    "normalised": train(normalised),
}
train(folder=folder, epochs=1)
results["continued"] = train(folder=folder)
print("RESULTS", json.dumps([where.count, where.chief, results]))
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Devices, whether it is the chief, losses and weights by case: of two workers, and of one process."""
    folder = tmp_path_factory.mktemp("workers")
    command = [sys.executable, "-c", TRAINING]
    shown = outputs_of(start_workers([*command, "multi_worker", str(folder / "both")], folder))
    shown += outputs_of(start_workers([*command, "none", str(folder / "one")], folder, 1))
    return [json.loads(output.split("RESULTS", 1)[1].splitlines()[0]) for output in shown]


def test_two_workers_share_each_batch_and_the_first_is_the_chief(results):
    assert [(count, chief) for count, chief, _ in results] == [(2, True), (2, False), (1, True)]


def test_the_workers_are_equal_to_the_bit(results):
    chief, other = results[0][2], results[1][2]
    assert chief == other


@pytest.mark.parametrize("case", ["plain", "summed and clipped", "penalties", "normalised"])
def test_two_workers_give_the_losses_and_weights_of_one_process(case, results):
    (losses, weights), (alone_losses, alone_weights) = results[0][2][case], results[2][2][case]
    np.testing.assert_allclose(losses, alone_losses, rtol=1e-5)
    for mine, theirs in zip(weights, alone_weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)


def test_a_training_of_two_workers_continues_bit_for_bit_from_the_chiefs_checkpoint(results):
    for _, _, by_case in results:
        assert by_case["continued"] == by_case["plain"]


def test_xla_and_a_process_of_no_cluster_are_refused_with_the_reason(monkeypatch):
    with pytest.raises(InputError, match=r"strategy=multi_worker cannot be combined .* XLA cannot compile"):
        Trainer(strategy="multi_worker", jit_compile=True)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(InputError, match="set TF_CONFIG"):
        Trainer(strategy="multi_worker").scope()
