"""What was done to the data is part of the model: layers around a user's model, so that raw inputs give right outputs.

The model that trains is `preprocessed`: inputs as the source has them, then the layers of `Inputs`, then the user's
own model. The model that is saved, logged and served is `served`: for regression it ends in the original unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import keras
import numpy as np

from lossexp.base import links
from lossexp.datasets.columns import MISSING, UNKNOWN, Column
from lossexp.datasets.dataset import Dataset
from lossexp.datasets.inputs import RESCALING, VALUES, Inputs


def input_layers(inputs: Inputs, shape: tuple[int, ...]) -> list[keras.layers.Layer]:
    """From examples of `shape` as the source has them to `inputs.shape`; none where nothing is to be done.

    Tables and series are scaled in float64: `Normalization` would take no deviation below Keras's epsilon, 1e-7, and
    float32 has no digits for features far from 0.
    """
    layers = []
    if inputs.scale is not None:
        dtype = "float64" if isinstance(inputs.scale, tuple) else "float32"
        layers.append(rescaling(inputs.scale, inputs.offset, dtype, RESCALING))
    if inputs.columns:
        layers.append(slots(inputs.columns))
    elif shape != inputs.shape:
        layers.append(keras.layers.Reshape(inputs.shape, name="channels"))
    return layers


def preprocessed(model: keras.Model, dataset: Dataset, start: Sequence[float] = ()) -> keras.Model:
    """The model to train: raw examples in, the outputs of `model` out, whose weights it shares.

    start: added to the outputs, one number each, so that a model whose own head begins at 0 begins there. It is
    `model` itself where there is nothing to add.
    """
    x = dataset.train.x
    layers = input_layers(dataset.inputs, tuple(x.shape[1:]))
    if np.any(start):
        ends = [rescaling(1.0, start, "float32", "start")]
    else:
        ends = []
    return _chained(model, x.shape[1:], x.dtype, layers, ends) if layers or ends else model


def served(model: keras.Model, dataset: Dataset, link: str | dict) -> keras.Model:
    """The model to keep: that which trained, but for regression it gives predicted values, float64 `[batch, outputs]`.

    They are in the original unit. For classes it gives logits, as in training. Of a table that has names of columns it
    takes a dict of raw ones, each `[batch, 1]`.
    """
    x, columns = dataset.train.x, dataset.inputs.columns
    if columns:
        return of_columns(served(model, replace(dataset, inputs=None), link), columns, x.dtype)
    if dataset.task != "regression":
        return model
    found = links.named(link)
    values = keras.Input((found.width(0) * dataset.num_values,))
    predicted = found.layer(values)
    scale, offset = dataset.target_scale, dataset.target_offset
    original = rescaling(scale, offset, "float64", "original_unit")(predicted)
    end = keras.Model(values, original, name=VALUES)
    return _chained(model, x.shape[1:], x.dtype, [], [end])


def rescaling(scale, offset, dtype: str, name: str) -> keras.layers.Layer:
    """The layer `x * scale + offset`; of Python's numbers it would keep float32's digits only."""
    return keras.layers.Rescaling(np.array(scale, np.float64), np.array(offset, np.float64), dtype=dtype, name=name)


def slots(columns: Sequence[Column]) -> keras.Model:
    """From `columns.matrix` `[batch, columns]` to features: numbers as they are, a 1 in the slot of each category."""
    given = keras.Input((len(columns),), dtype="float32")
    parts = []
    for i, column in enumerate(columns):
        part = given[:, i : i + 1]
        if column.vocabulary is not None:  # as whole numbers, which no lower precision rounds
            one_hot = keras.layers.CategoryEncoding(column.width, output_mode="one_hot", dtype="float32")
            part = one_hot(keras.ops.cast(part, "int32"))
        parts.append(part)
    return keras.Model(given, _joined(parts, "float32"), name="categories")


def of_columns(model: keras.Model, columns: Sequence[Column], dtype: np.dtype) -> keras.Model:
    """`model`, which takes their matrix of this dtype, for a dict of raw columns `[batch, 1]`."""
    # A model in a model, so that no column's name is that of a layer beside it.
    inner = {column.name: keras.Input((1,), dtype=column.dtype) for column in columns}
    inside = keras.Model(list(inner.values()), model(gathered(columns, inner, dtype)), name="of the columns")
    given = {column.name: keras.Input((1,), dtype=column.dtype, name=column.name) for column in columns}
    return keras.Model(given, inside(list(given.values())), name=model.name)


def gathered(columns: Sequence[Column], given: Mapping[str, keras.KerasTensor], dtype: np.dtype) -> keras.KerasTensor:
    """What `columns.matrix` makes of raw columns `[batch, 1]`, by layers."""
    return _joined([_numbers(column, given[column.name]) for column in columns], np.dtype(dtype).name)


def _numbers(column: Column, values: keras.KerasTensor) -> keras.KerasTensor:
    if column.vocabulary is None:
        return values if column.fill is None else keras.ops.where(keras.ops.isnan(values), column.fill, values)
    lookup = keras.layers.StringLookup if column.dtype == "string" else keras.layers.IntegerLookup
    vocabulary = list(column.vocabulary)
    known = [*vocabulary, *([] if column.fill is None else [MISSING[column.dtype]])]
    number = lookup(vocabulary=known, oov_token=UNKNOWN[column.dtype])(values)
    if column.fill is not None:
        number = keras.ops.where(keras.ops.equal(number, len(known)), vocabulary.index(column.fill) + 1, number)
    return keras.ops.cast(number, "float64")


def _joined(parts: Sequence[keras.KerasTensor], dtype: str) -> keras.KerasTensor:
    return keras.layers.Concatenate(dtype=dtype)(parts) if len(parts) > 1 else keras.ops.cast(parts[0], dtype)


def _chained(model: keras.Model, shape: tuple, dtype: np.dtype, before: Sequence, after: Sequence) -> keras.Model:
    # Not functional: the file of one counts the calls of each layer, also those in the constructor of a user's model.
    inputs = keras.Input(shape, dtype=np.dtype(dtype).name, name="inputs")
    return keras.Sequential([inputs, *before, model, *after], name=model.name)
