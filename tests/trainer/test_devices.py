"""Mirrored replicas: two logical CPU devices, in a process of their own, train what one device trains."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.models.mlp import mlp
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.trainer import Trainer

ROOT = Path(__file__).parents[2]

TWO_DEVICES = """
import gc, json, sys
import keras, numpy as np, tensorflow as tf
cpu = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [cpu, cpu])
from lossexp.datasets.scikit_learn import digits
from lossexp.datasets.mosaic import digits_mosaic
from lossexp.losses import ASL, Dice, Focal, MMCE
from lossexp.models.functional import conv_net
from lossexp.models.mlp import mlp
from lossexp.models.sparse_mlp import sparse_mlp
from lossexp.process.runtime import runtime
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

def by_pixel(input_shape, num_outputs):
    layers = keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(num_outputs, 3, padding="same")
    return keras.Sequential([keras.Input(input_shape), *layers])

def by_picture(input_shape, num_outputs):
    layers = keras.layers.Rescaling(1 / 255), conv_net(input_shape, num_outputs)
    return keras.Sequential([keras.Input(input_shape), *layers])

DIGITS = digits(seed=0, validation_fraction=0.1, test_fraction=0.2, limit=97)  # a last batch of one example

def train(
    strategy, make_model=mlp, loss=Focal, precision="float32", folder=None, epochs=2, clip=None, data=DIGITS, **settings
):
    with runtime(0, precision):
        trainer = Trainer(epochs=epochs, progress=False, strategy=strategy, precision=precision, **settings)
        with trainer.scope():
            model = make_model(data.input_shape, data.num_classes)
            optimizer = keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=clip, use_ema=True, ema_momentum=0.9)
            made = loss()
        fit = trainer.fit(Parts(data, model, made, optimizer), 0, folder=folder)
        assert trainer.devices.count == (2 if strategy == "mirrored" else 1)
        losses = [[r["train/loss"], r["val/loss"], r["val/accuracy"]] for r in fit.history]
        return losses, [np.asarray(v).tolist() for v in model.trainable_variables]

CASES = {
    "plain": {"batch_size": 33},
    "summed and clipped": {"loss": lambda: Focal(reduction="sum"), "clip": 1.0},
    "penalties": {"make_model": sparse_mlp, "l2": 1e-3, "loss": lambda: MMCE(weight=4.0)},
    "weighted": {"loss": lambda: Focal(class_weight=list(range(1, 11)), reduction="mean_with_sample_weight")},
    "many labels": {"data": digits_mosaic("multilabel", examples=100), "make_model": by_picture, "loss": ASL},
    "pixels": {"data": digits_mosaic("segmentation", examples=100), "make_model": by_pixel, "loss": Dice},
    "float16": {"precision": "mixed_float16"},
}
gc.freeze()
results = {name: [train(s, **case) for s in ("none", "mirrored")] for name, case in CASES.items()}
train("mirrored", folder=sys.argv[1], epochs=1)
results["continued"] = [train("mirrored"), train("mirrored", folder=sys.argv[1])]
print("RESULTS", json.dumps(results))
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Losses and weights of each case, on one device and mirrored."""
    shown = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, str(tmp_path_factory.mktemp("mirrored"))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert shown.returncode == 0, shown.stderr[-3000:]
    return json.loads(shown.stdout.split("RESULTS", 1)[1])


@pytest.mark.parametrize("case", ["plain", "summed and clipped", "penalties", "weighted", "many labels", "pixels"])
def test_two_replicas_give_the_losses_and_weights_of_one_device(case, results):
    (losses, weights), (mirrored_losses, mirrored_weights) = results[case]
    np.testing.assert_allclose(mirrored_losses, losses, rtol=1e-5)
    for mine, theirs in zip(mirrored_weights, weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)


def test_half_precision_differs_by_its_rounding_only(results):
    (losses, _), (mirrored, _) = results["float16"]
    np.testing.assert_allclose(np.array(mirrored)[:, 0], np.array(losses)[:, 0], rtol=0.01)


def test_a_mirrored_training_continues_bit_for_bit(results):
    whole, parts = results["continued"]
    assert parts == whole


def test_what_cannot_be_mirrored_is_refused_with_the_reason():
    with pytest.raises(InputError, match="XLA cannot compile"):
        Trainer(strategy="mirrored", jit_compile=True)
    with pytest.raises(InputError, match="give none or mirrored"):
        Trainer(strategy="parameter_server")
    with pytest.raises(InputError, match="trainer=default"):
        KerasTrainer(strategy="mirrored").check(None)
    trainer = Trainer(strategy="mirrored")
    with trainer.scope():
        model = mlp((8,), 3)
        optimizer = keras.optimizers.Adam(gradient_accumulation_steps=2)
    for refuse in (trainer.check_optimizer, lambda optimizer: trainer.ready(optimizer, model)):
        with pytest.raises(InputError, match="gradient_accumulation_steps"):
            refuse(optimizer)
