"""What only a GPU can show; run with `scripts/test -m gpu` where there is one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal
from lossexp.models.functional import conv_net
from lossexp.process.runtime import runtime
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module", autouse=True)
def gpu():
    if not tf.config.list_physical_devices("GPU"):
        pytest.skip("TensorFlow sees no GPU")


def train(precision="float32", trainer_class=Trainer, epochs=15, deterministic=False, **settings):
    with runtime(0, precision, deterministic):
        data = digits(seed=0, validation_fraction=0.1, test_fraction=0.2)
        model = conv_net(data.input_shape, 10)
        trainer = trainer_class(
            epochs=epochs, precision=precision, deterministic=deterministic, progress=False, **settings
        )
        fit = trainer.fit(Parts(data, model, Focal(), keras.optimizers.Adam()), seed=0)
        return fit, [np.asarray(v) for v in model.variables], {v.value.device for v in model.trainable_variables}


@pytest.mark.parametrize("precision", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_each_precision_learns_on_the_gpu(precision, jit_compile):
    fit, _, devices = train(precision, jit_compile=jit_compile)
    assert all("GPU" in device for device in devices)
    assert fit.monitor.best_value > 0.93
    if precision == "mixed_float16":
        assert fit.history[-1]["precision/loss_scale"] >= 1.0


def test_fit_gives_the_same_weights_to_float32_accuracy():
    settings = {"epochs": 2, "jit_compile": False, "deterministic": True}
    _, ours, _ = train(**settings)
    _, theirs, _ = train(trainer_class=KerasTrainer, **settings)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-4)


def test_deterministic_gives_the_same_bits_twice():
    first, second = (train(epochs=2, deterministic=True, jit_compile=False)[1] for _ in range(2))
    for mine, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_host_windows_give_the_same_bits_as_device_residence():
    settings = {"epochs": 2, "deterministic": True, "jit_compile": False}
    resident, windows = train(**settings)[1], train(**settings, device_megabytes=0.0)[1]
    for mine, theirs in zip(resident, windows, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_losses_on_the_gpu_equal_those_on_the_cpu():
    random = np.random.default_rng(0)
    logits = tf.constant(random.normal(scale=30.0, size=(256, 1000)).astype(np.float32))
    labels = tf.constant(random.integers(0, 1000, 256))
    loss = Focal(gamma=2.0, reduction="none")
    values = []
    for device in ("GPU:0", "CPU:0"):
        with tf.device(device):
            values.append(loss(labels, tf.identity(logits)).numpy())
    np.testing.assert_allclose(*values, rtol=1e-5)
