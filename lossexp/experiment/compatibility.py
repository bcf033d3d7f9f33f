"""Whether loss, model, schedule and dataset work together, asked and tried before any training."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from lossexp.base import links
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
    "ordinal": "loss=corn, loss=squared_emd, loss=ce",
    "multilabel": "loss=bce, loss=asl, loss=zlpr",
    "segmentation": "loss=ce, loss=dice, loss=lovasz_softmax",
    "regression": "loss=mse, loss=huber",
}


def check_loss(loss: Loss, dataset: Dataset, setting: str) -> int:
    """The head's width for this pair. Raises InputError where the loss cannot train on the dataset.

    setting: what the loss is, for messages, such as `"loss=keras_dice"`, which Keras calls dice.
    """
    if dataset.task not in loss.tasks:
        own = f" If it can do it, say so: loss.tasks=[{dataset.task}]." if setting.startswith("loss.fn=") else ""
        raise InputError(
            f"{setting} is for {' and '.join(loss.tasks)} tasks, but dataset={dataset.name} is a "
            f"{dataset.task} task.{own} Try {SUGGESTIONS[dataset.task]}, or a dataset of its task."
        )
    if dataset.task == "multilabel" and links.for_task(loss.link, dataset.task) != "labels":
        raise InputError(
            f"{setting} makes one answer of all outputs (link={loss.link}), but dataset={dataset.name} may have "
            f"several labels an example. Set loss.labels=binary if it asks of each output whether, or try "
            f"{SUGGESTIONS[dataset.task]}."
        )
    if loss.labels in ("binary", "values") and loss.labels != _scalar_labels(dataset):
        raise InputError(
            f"{setting} takes one number for each example ({loss.labels}), but dataset={dataset.name} has "
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
    check_ignored(loss, dataset, setting)
    return count_outputs(loss, dataset, setting)


def count_outputs(loss: Loss, dataset: Dataset, setting: str) -> int:
    """The head's width. Raises InputError for several values an example, of which the loss predicts one by several."""
    if dataset.task == "multilabel":
        return dataset.num_classes
    width = loss.num_outputs(dataset.num_classes)
    if dataset.num_values > 1 and width > 1:
        raise InputError(
            f"{setting} predicts one value by {width} outputs, but dataset={dataset.name} has "
            f"{dataset.num_values} values an example. Try {SUGGESTIONS[dataset.task]}."
        )
    return width * max(1, dataset.num_values)


def check_ignored(loss: Loss, dataset: Dataset, setting: str) -> None:
    """Raises InputError where the loss cannot leave out the pixels that do not count, or leaves out others."""
    ignored, own = dataset.ignore_class, getattr(loss, "ignore_class", "none")
    if ignored is None or own in (None, ignored):
        return
    if own == "none":
        raise InputError(
            f"{setting} has no ignore_class, and in dataset={dataset.name} pixels of class {ignored} do not "
            f"count. Try {SUGGESTIONS[dataset.task]}."
        )
    raise InputError(
        f"loss.ignore_class={own}, but in dataset={dataset.name} it is pixels of class {ignored} that do not count. "
        "Leave loss.ignore_class out: it is taken from the dataset."
    )


def try_model(model: keras.Model, dataset: Dataset, setting: str) -> None:
    """Calls the model once as training will: compiled, for any number of examples, with training=True.

    setting: what the model is, for messages. Raises InputError where that fails. What the call changes is put back.
    """
    few = tf.constant(dataset.train.first(4).x)

    @_compiled(few)
    def forward(x):
        return model(x, training=True)

    with untouched(model), blaming(setting):
        forward(few)


def try_loss(loss: Loss, model: keras.Model, dataset: Dataset, setting: str) -> None:
    """Calls the loss once on a few examples as training will: compiled, for any number of them, with its gradient.

    Raises InputError where it cannot take what training will pass. What the call changes in model and loss is put back.
    """
    few = dataset.train.first(4)
    labels = encode_labels(tf.constant(few.y), loss.labels, dataset.num_classes)
    with untouched(model, loss), blaming(setting):
        outputs = model(few.x, training=False)
        loss(labels, outputs)  # makes the variables that it makes when it is called first

        @_compiled(labels, outputs)
        def gradient(y, p):
            with tf.GradientTape() as tape:
                tape.watch(p)
                value = loss(y, p)
            return tape.gradient(value, p)

        found = gradient(labels, outputs)
    if found is None:
        raise InputError(
            f"{setting} has no gradient for the model's outputs, so nothing can be trained. Make it of them by "
            "functions that have one: argmax, rounding, comparisons and casts to integers have none."
        )


def try_rate(rate: float | keras.optimizers.schedules.LearningRateSchedule, setting: str) -> None:
    """Asks a schedule once as a compiled step will. Raises InputError where it gives no learning rate."""
    if isinstance(rate, int | float):
        return
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        raise InputError(
            f"{setting} returned a {type(rate).__name__}. Return a number, or a "
            "keras.optimizers.schedules.LearningRateSchedule, which is called with the step."
        )

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64)])
    @tf.autograph.experimental.do_not_convert
    def first(step):
        return tf.convert_to_tensor(rate(step), tf.float32)

    with untouched(rate), blaming(setting):
        found = first(tf.constant(0, tf.int64))
    if found.shape.rank or not np.isfinite(found):
        raise InputError(f"{setting} gives {found.numpy()} for step 0. A learning rate is one finite number.")


def _compiled(*examples: tf.Tensor) -> Callable:
    """Decorator: a graph of the function for tensors like the examples, but of any batch size."""
    signature = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in examples]

    def decorate(function: Callable) -> Callable:
        return tf.function(tf.autograph.experimental.do_not_convert(function), input_signature=signature)

    return decorate


def _scalar_labels(dataset: Dataset) -> str:
    return {"regression": "values", "binary": "binary", "multilabel": "binary"}.get(dataset.task, "sparse")
