"""Our loop against `fit`: the same objects, seed and order give the same losses and weights."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from lossexp.datasets.mosaic import digits_mosaic
from lossexp.datasets.scikit_learn import breast_cancer, diabetes, digits
from lossexp.losses import ASL, BinaryFocal, Dice, Focal
from lossexp.losses.keras.adapted import as_loss
from lossexp.models.mlp import mlp
from lossexp.models.sparse_mlp import sparse_mlp
from lossexp.models.subclassed import ConvNet
from lossexp.models.unet import unet
from lossexp.process.runtime import runtime
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

DIGITS = {"seed": 0, "validation_fraction": 0.1, "test_fraction": 0.2, "limit": 300}


def with_dropout(input_shape, num_outputs):
    return mlp(input_shape, num_outputs, hidden=[32], dropout=0.3)


def trained(trainer_class, make_model, loss, dataset, precision="float32", optimizer=keras.optimizers.Adam, **settings):
    """History and final weights; 300 examples in batches of 32 leave a short last batch."""
    with runtime(0, precision):
        model = make_model(dataset.input_shape, loss.num_outputs(dataset.num_classes))
        trainer = trainer_class(
            epochs=3, batch_size=32, precision=precision, jit_compile=False, progress=False, **settings
        )
        fit = trainer.fit(Parts(dataset, model, loss, optimizer(0.002)), seed=0)
        return fit.history, [np.asarray(v) for v in model.variables]


def assert_same(ours, theirs, tolerance):
    for mine, other in zip(ours[0], theirs[0], strict=True):
        for key in ("train/loss", "val/loss", "val/nll", "val/accuracy", "val/rmse"):
            if key in mine:
                assert mine[key] == pytest.approx(other[key], rel=tolerance), key
    for mine, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("make_model", "precision"),
    [(ConvNet, "float32"), (with_dropout, "float32"), (sparse_mlp, "float32"), (with_dropout, "mixed_bfloat16")],
)
def test_fit_gives_the_same_losses_and_weights(make_model, precision):
    results = [trained(t, make_model, Focal(), digits(**DIGITS), precision) for t in (Trainer, KerasTrainer)]
    assert_same(*results, tolerance=1e-5)


@pytest.mark.parametrize(("task", "loss"), [("multilabel", ASL), ("segmentation", Dice)])
def test_fit_gives_the_same_for_many_labels_and_for_pixels(task, loss):
    def make_model(input_shape, num_outputs):
        return unet(input_shape, num_outputs, task=task, filters=4)

    data = raw_scaled(digits_mosaic(task, examples=140))
    results = [trained(t, make_model, loss(), data) for t in (Trainer, KerasTrainer)]
    assert_same(*results, tolerance=1e-4)


def raw_scaled(data):
    """The dataset with what its model would do to pictures done."""
    scaled = {name: replace(split, x=(split.x / 255).astype(np.float32)) for name, split in data.splits.items()}
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(data.train)).astype(np.float32)
    return replace(data, **{**scaled, "train": replace(scaled["train"], sample_weight=weights)})


def test_fit_gives_the_same_under_loss_scaling():
    results = [trained(t, with_dropout, Focal(), digits(**DIGITS), "mixed_float16") for t in (Trainer, KerasTrainer)]
    assert_same(*results, tolerance=1e-5)


def test_fit_gives_the_same_for_binary_labels():
    data = breast_cancer(seed=0, validation_fraction=0.2, test_fraction=0.2)
    results = [trained(t, mlp, BinaryFocal(alpha=0.25), data) for t in (Trainer, KerasTrainer)]
    assert_same(*results, tolerance=1e-5)


def test_fit_gives_the_same_for_values():
    data = diabetes(seed=0, validation_fraction=0.2, test_fraction=0.2)
    results = [trained(t, mlp, as_loss(keras.losses.Huber()), data) for t in (Trainer, KerasTrainer)]
    assert_same(*results, tolerance=1e-5)


def test_fit_gives_the_same_with_limited_batches():
    results = [trained(t, ConvNet, Focal(), digits(**DIGITS), limit_train_batches=4) for t in (Trainer, KerasTrainer)]
    assert_same(*results, tolerance=1e-5)
    assert results[0][0][-1]["epoch"] == 3


def test_xla_changes_the_result_only_by_rounding():
    def run(jit_compile):
        with runtime(0):
            data = digits(**DIGITS)
            model = ConvNet(data.input_shape, 10)
            trainer = Trainer(epochs=2, jit_compile=jit_compile, progress=False)
            return trainer.fit(Parts(data, model, Focal(), keras.optimizers.SGD(0.05)), seed=0).history

    for plain, compiled in zip(run(False), run(True), strict=True):
        assert compiled["train/loss"] == pytest.approx(plain["train/loss"], rel=1e-4)
