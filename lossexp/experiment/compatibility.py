"""Whether a loss and a dataset fit each other, asked before any training."""

from __future__ import annotations

import keras
import tensorflow as tf

from lossexp.base.blame import blaming
from lossexp.base.errors import InputError
from lossexp.base.variables import untouched
from lossexp.datasets.dataset import Dataset
from lossexp.losses.base.loss import Loss
from lossexp.losses.base.regression import check_domain
from lossexp.trainer.step import encode_labels

SUGGESTIONS = {
    "multiclass": "loss=ce, loss=focal",
    "binary": "loss=bce, loss=binary_focal, loss=focal",
    "regression": "loss=mse, loss=huber",
}


def check_loss(loss: Loss, dataset: Dataset) -> int:
    """The head's width for this pair. Raises InputError where the loss cannot train on the dataset."""
    if dataset.task not in loss.tasks:
        raise InputError(
            f"loss={loss.name} is for {' and '.join(loss.tasks)} tasks, but dataset={dataset.name} is a "
            f"{dataset.task} task. Try {SUGGESTIONS[dataset.task]}, or a dataset of its task."
        )
    if loss.labels in ("binary", "values") and loss.labels != _scalar_labels(dataset):
        raise InputError(
            f"loss={loss.name} takes one number for each example ({loss.labels}), but dataset={dataset.name} has "
            f"{dataset.num_classes} classes. Try {SUGGESTIONS[dataset.task]}."
        )
    if loss.reduction in (None, "none"):
        raise InputError(
            "loss.reduction=none leaves one value for each example, and training needs one number. Use "
            "sum_over_batch_size, mean_with_sample_weight or sum."
        )
    for split in dataset.splits.values():
        try:
            check_domain(loss, split.y)
        except ValueError as error:
            raise InputError(f"dataset={dataset.name}: {error}") from error
    return loss.num_outputs(dataset.num_classes)


def try_loss(loss: Loss, model: keras.Model, dataset: Dataset) -> None:
    """Calls the loss once on a few examples. Raises InputError where it cannot take what training will pass.

    What the call changes in model and loss is put back.
    """
    few = dataset.train.first(4)
    labels = encode_labels(tf.constant(few.y), loss.labels, dataset.num_classes)
    with untouched(model, loss), blaming(f"loss={loss.name}"):
        outputs = model(few.x, training=False)
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            value = loss(labels, outputs)
        gradient = tape.gradient(value, outputs)
    if gradient is None:
        raise InputError(
            f"loss={loss.name} has no gradient for the model's outputs, so nothing can be trained. Make it of them by "
            "functions that have one: argmax, rounding, comparisons and casts to integers have none."
        )


def _scalar_labels(dataset: Dataset) -> str:
    return {"regression": "values", "binary": "binary"}.get(dataset.task, "sparse")
