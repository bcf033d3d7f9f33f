"""Finds a model that does not fit its data or its loss, before any time is spent on it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from lossexp.base.blame import defined, sentence
from lossexp.base.errors import InputError
from lossexp.datasets.dataset import Dataset

# What a Keras model may do in its own way: while it trains in `fit`, and for `evaluate` and `predict`.
OF_FIT = (
    "train_step",
    "compute_loss",
    "compute_metrics",
    "get_metrics_result",
    "make_train_function",
    "train_on_batch",
    "fit",
    "compile",
)
OF_SCORING = ("test_step", "predict_step", "make_test_function", "make_predict_function", "evaluate", "predict")
SQUASHING = ("softmax", "sigmoid", "hard_sigmoid", "sparsemax")


def check_images(model: str, input_shape: tuple[int, ...], kernel_size: int) -> None:
    """Raises InputError unless `input_shape` is `(height, width, channels)` and not below the kernel."""
    if len(input_shape) != 3:
        raise InputError(
            f"model={model} convolves pictures (height, width, channels), but this dataset has inputs "
            f"of shape {tuple(input_shape)}. Use model=mlp, or a dataset of pictures."
        )
    if min(input_shape[:2]) < kernel_size:
        raise InputError(
            f"model.kernel_size={kernel_size} is larger than the inputs {tuple(input_shape)}. "
            f"Set model.kernel_size to at most {min(input_shape[:2])}."
        )


def check_kind(model: object) -> None:
    """Raises InputError for what is no Keras model."""
    if not isinstance(model, keras.Model):
        raise InputError(
            f"model is a {type(model).__name__}, not a keras.Model. Let model._target_ name a function or "
            "class that returns one: def net(input_shape, num_outputs)."
        )


def check_outputs(model: keras.Model, x: np.ndarray, num_outputs: int, task: str = "multiclass") -> None:
    """Raises InputError unless `model` gives raw outputs `[batch, num_outputs]`, float32, for the batch `x`.

    For segmentation they are `[batch, height, width, num_outputs]`, of the size of the pictures.

    Probabilities are recognised, for classification, by a softmax or sigmoid at the end of the model with
    outputs in [0, 1], or by rows in [0, 1] that sum to 1. x: `[batch, *input_shape]`; a few dozen training
    examples are enough.
    """
    where = f"model {model.name} ({type(model).__name__})"
    _check_takes_one(model, where)
    outputs = model(x, training=False)
    _check_shape(outputs, (*(x.shape[:3] if task == "segmentation" else x.shape[:1]), num_outputs), where)
    if keras.backend.standardize_dtype(outputs.dtype) != "float32":
        raise InputError(f'{where} returns {outputs.dtype}. Give its last layer dtype="float32".')
    if not model.trainable_variables:
        raise InputError(
            f"{where} has no trainable weights. Set trainable=True on a layer that has weights, or make them with "
            "self.add_weight: a plain tf.Variable is none of the model's."
        )
    if task != "regression":
        _check_logits(model, keras.ops.convert_to_numpy(outputs), where)


def check_tokens(model: keras.Model, dataset: Dataset) -> None:
    """Raises InputError where the model's `Embedding` has no row for the largest id of the dataset's tokens."""
    if dataset.inputs.kind != "tokens":
        return
    largest = dataset.inputs.vocabulary - 1
    row = np.full((1, *dataset.input_shape), largest, np.int32)
    try:
        with tf.device("CPU"):  # where TensorFlow says so: a GPU gives zeros
            model(row, training=False)
    except tf.errors.InvalidArgumentError as error:
        raise InputError(
            f"model {model.name} takes no token id {largest}, the largest of dataset {dataset.name}: "
            f"{sentence(error)}. Give its Embedding an input_dim of at least {largest + 1}, or map rare ids to one of "
            "their own."
        ) from error


def _check_takes_one(model: keras.Model, where: str) -> None:
    """Raises InputError for a model of several inputs, or with a `call` that takes none."""
    inputs = getattr(model, "inputs", None) or [None]
    if len(inputs) > 1:
        raise InputError(
            f"{where} has {len(inputs)} inputs, and a dataset gives one array. Let it take one, and split it inside."
        )
    try:
        inspect.signature(model.call).bind(None)
    except TypeError:
        raise InputError(
            f"{where}: {defined(type(model).call)} takes {inspect.signature(model.call)}, and gets the inputs. Write "
            "it as def call(self, x, training=False)."
        ) from None


def _check_shape(outputs: Any, wanted: tuple[int, ...], where: str) -> None:
    by_pixel = len(wanted) == 4
    what, use = ("pixel", "end as model=unet does") if by_pixel else ("example", "use num_outputs in its last layer")
    needs = f"This dataset with this loss needs num_outputs={wanted[-1]} raw values for each {what}"
    if outputs is None:
        raise InputError(f"{where} returns nothing. End its `call` with `return`. {needs}.")
    if isinstance(outputs, list | tuple | dict):
        parts = outputs if isinstance(outputs, dict) else dict(enumerate(outputs))
        named = ", ".join(f"{name} of shape {tuple(part.shape)}" for name, part in parts.items())
        raise InputError(
            f"{where} returns a {type(outputs).__name__} of outputs ({named}), and a run trains one. {needs}: "
            "return only those, for example by keras.Model(inputs, that_output)."
        )
    shape = tuple(getattr(outputs, "shape", ()))
    if shape != wanted:
        raise InputError(
            f"{where} returns {f'shape {shape}' if shape else type(outputs).__name__} for {wanted[0]} examples. "
            f"{needs}, so {wanted}: {use}."
        )


def overridden(thing: object, methods: Sequence[str], library: str = "keras") -> list[str]:
    """Those of `methods` that are not the library's own: of a user's class, or set on the thing itself."""
    return [name for name in methods if not _is_of(thing, name, library)]


def _is_of(thing: object, method: str, library: str) -> bool:
    owner = next((kind for kind in type(thing).__mro__ if method in vars(kind)), None)
    return method not in vars(thing) and (owner is None or owner.__module__.partition(".")[0] == library)


def _check_logits(model: keras.Model, outputs: np.ndarray, where: str) -> None:
    if outputs.min() < 0 or outputs.max() > 1:
        return
    ending = squashing_end(model)
    sums_to_one = outputs.shape[-1] > 1 and np.allclose(outputs.sum(axis=-1), 1, atol=1e-3)
    if ending or sums_to_one:
        found = f"it ends with {ending}" if ending else "its outputs are in [0, 1] and sum to 1"
        raise InputError(
            f"{where} returns probabilities where raw outputs (logits) are meant: {found}. Remove that last "
            "activation; every loss here applies its own, and twice would train badly without an error."
        )


def squashing_end(model: keras.Model) -> str | None:
    """The name of the activation that turns the last layer's outputs into probabilities, or None."""
    layers = getattr(model, "layers", [])
    if not layers:
        return None
    last = layers[-1]
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    if isinstance(last, keras.Model):
        return squashing_end(last)
    name = getattr(getattr(last, "activation", None), "__name__", None)
    return name if name in SQUASHING else None
