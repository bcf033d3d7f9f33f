"""Tasks beside one class or one value an example: what fits them, and what a run of each ends with."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.mosaic import digits_mosaic
from lossexp.datasets.scikit_learn import linnerud
from lossexp.datasets.targets import scale_targets
from lossexp.experiment.compatibility import check_loss
from lossexp.experiment.model import initial_bias
from lossexp.experiment.parts import adapt
from lossexp.losses import CRPS, LDAM, Adapted, BinaryFocal, CrossEntropy, DBLoss, Dice, Huber, TwoWay, as_loss
from lossexp.metrics import load_outputs, score
from lossexp.models.mlp import mlp
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer
from tests.jobs import job

LABELS, PIXELS = (digits_mosaic(task, examples=100) for task in ("multilabel", "segmentation"))
MOSAIC = ("dataset=digits_mosaic", "dataset.examples=150", "dataset.limit=null", "model.filters=4")


def ignoring(dataset: Dataset, ignored: int = 255) -> Dataset:
    """With every third column of pixels marked."""
    splits = {name: replace(split, y=split.y.copy()) for name, split in dataset.splits.items()}
    for split in splits.values():
        split.y[:, :, ::3] = ignored
    return replace(dataset, **splits, ignore_class=ignored)


@pytest.mark.parametrize(
    ("loss", "dataset", "width"),
    [
        (DBLoss(), LABELS, 10),
        (BinaryFocal(), LABELS, 10),
        (as_loss(keras.losses.BinaryCrossentropy()), LABELS, 10),
        (Dice(), PIXELS, 11),
        (as_loss(keras.losses.SparseCategoricalCrossentropy()), PIXELS, 11),
        (Huber(), linnerud(), 3),
    ],
)
def test_the_head_has_an_output_for_each_label_class_or_value(loss, dataset, width):
    assert check_loss(loss, dataset, "loss=x") == width


@pytest.mark.parametrize(
    ("loss", "dataset", "message"),
    [
        (CrossEntropy(), LABELS, "multilabel task. Try loss=bce, loss=asl"),
        (BinaryFocal(), PIXELS, "segmentation task. Try loss=ce, loss=dice"),
        (TwoWay(), PIXELS, "segmentation task"),
        (as_loss(keras.losses.Dice(axis=[1])), PIXELS, "segmentation task"),
        (CRPS(), linnerud(), "one value by 2 outputs.*3 values an example"),
        (Adapted(keras.losses.kl_divergence, tasks="multilabel"), LABELS, "makes one answer of all outputs"),
        (as_loss(keras.losses.CategoricalCrossentropy()), ignoring(PIXELS), "has no ignore_class.*class 255"),
        (CrossEntropy(ignore_class=10), ignoring(PIXELS), "loss.ignore_class=10, but in dataset"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused_with_those_that_do(loss, dataset, message):
    with pytest.raises(InputError, match=message):
        check_loss(loss, dataset, "loss=x")


def test_a_loss_that_does_not_fit_is_called_by_its_option(tmp_path):
    """Keras's own name of `keras_dice` is dice, which is another option and would fit."""
    with pytest.raises(InputError, match=r"^loss=keras_dice is for"):
        job(tmp_path, *MOSAIC, "dataset.task=segmentation", "loss=keras_dice")


def test_a_loss_of_the_users_own_may_be_said_to_be_for_a_task():
    loss = Adapted(keras.losses.dice, labels="onehot", on="probabilities")
    with pytest.raises(InputError, match=r"loss\.tasks=\[segmentation\]"):
        check_loss(loss, PIXELS, "loss.fn=keras.losses.dice")


def test_a_loss_is_told_what_does_not_count_and_how_many_examples_have_a_label():
    pixels, labels = LDAM(), DBLoss()
    adapt(pixels, ignoring(PIXELS))
    adapt(labels, LABELS)
    assert pixels.ignore_class == 255
    assert sum(pixels.class_counts) == (ignoring(PIXELS).train.y != 255).sum()
    assert labels.examples == len(LABELS.train)
    assert labels.class_counts == LABELS.train.y.sum(axis=0).tolist()
    assert DBLoss.from_config(labels.get_config()).total == len(LABELS.train)


def test_the_head_of_many_labels_starts_at_how_often_they_are_answered_with_yes():
    yes = LABELS.train.y.mean()
    assert initial_bias(BinaryFocal(), LABELS) == pytest.approx(np.log(yes / (1 - yes)))


def test_pixels_that_do_not_count_change_nothing():
    """Whatever number marks them, the loss of the others is the same."""
    z = np.random.default_rng(0).normal(size=(*PIXELS.test.y.shape, 11)).astype(np.float32)
    values = []
    for ignored in (255, -1):
        loss = CrossEntropy()
        adapt(loss, ignoring(PIXELS, ignored))
        values.append(float(loss(ignoring(PIXELS, ignored).test.y, z)))
    kept = np.arange(16) % 3 > 0
    assert values == pytest.approx([float(CrossEntropy()(PIXELS.test.y[:, :, kept], z[:, :, kept]))] * 2)


@pytest.mark.parametrize("trainer", ["default", "keras"])
@pytest.mark.parametrize(
    ("settings", "metric", "shape"),
    [
        (("dataset.task=multilabel", "loss=asl"), "map", (30, 10)),
        (("dataset.task=segmentation", "loss=dice"), "mean_iou", (30, 16, 16, 11)),
    ],
)
def test_a_run_ends_with_the_scores_of_its_task_and_a_model_for_raw_pictures(
    tmp_path, trainer, settings, metric, shape
):
    result, folder = job(tmp_path, *MOSAIC, *settings, f"trainer={trainer}")
    assert result.monitor == f"val/{metric}"
    assert 0 < result.test[metric] <= 1
    outputs = load_outputs(folder / "test_outputs.npz").outputs
    assert outputs.shape == shape
    pictures = digits_mosaic(settings[0].removeprefix("dataset.task="), examples=150).test.x
    assert pictures.dtype == np.uint8
    np.testing.assert_allclose(keras.saving.load_model(folder / "model.keras")(pictures), outputs, atol=1e-5)


def test_a_model_with_one_answer_a_picture_is_refused_for_pixels(tmp_path):
    with pytest.raises(
        InputError, match=r"num_outputs=11 raw values for each pixel, so \(32, 16, 16, 11\).*model=unet"
    ):
        job(tmp_path, "dataset=digits_mosaic", "dataset.task=segmentation", "loss=ce", "model=mlp")


def test_several_outputs_are_predicted_in_their_own_units(tmp_path):
    result, folder = job(tmp_path, "dataset=linnerud", "dataset.limit=null")
    found = load_outputs(folder / "test_outputs.npz")
    assert found.outputs.shape == found.labels.shape == (4, 3)
    assert {"rmse", "rmse/weight", "r2/waist", "rmse/pulse"} <= set(result.test)
    model = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_allclose(model(linnerud().test.x), found.outputs, rtol=1e-6)
    assert abs(found.outputs[:, 0].mean() - 178.6) < 30  # pounds


def test_outputs_of_unlike_units_are_learned_alike():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 4)).astype(np.float32)
    y = x @ rng.normal(size=(4, 2)) * [1000.0, 0.01] + [50_000.0, 3.0]
    train, val, test = (Split(x[part], y[part]) for part in (slice(400), slice(400, 500), slice(500, 600)))
    data = scale_targets(Dataset("units", "regression", train, val, test, ("large", "small")), shift=True)
    keras.utils.set_random_seed(0)
    parts = Parts(data, mlp((4,), 2, hidden=[]), Huber(), keras.optimizers.Adam(0.05))
    fit = Trainer(epochs=10, progress=False, jit_compile=False).fit(parts, seed=0)
    scores = score(data.original(fit.predict(test.x)), test.y, task="regression", class_names=data.class_names)
    assert min(scores["r2/large"], scores["r2/small"]) > 0.99
