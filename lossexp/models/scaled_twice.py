"""Finds a model that scales its inputs itself, where the dataset has them scaled already."""

from __future__ import annotations

import keras
import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.inputs import Inputs

# What may stand in front of such a layer and leaves values what they are, by where Keras has it.
PASSED = ("keras.src.layers.core.input_layer", "keras.src.layers.preprocessing", "keras.src.layers.reshaping")


def check_scaled_once(model: keras.Model, inputs: Inputs) -> None:
    """Raises InputError for a model that begins with a scaling which is for raw inputs, and gets scaled ones.

    That is a `Rescaling` which shrinks pixels, or a `Normalization` that was adapted, before a table or series.
    """
    layer = _scaling(model)
    standardised = isinstance(inputs.scale, tuple)
    if inputs.scale is None or layer is None or not (_is_adapted(layer) if standardised else _shrinks(layer)):
        return
    done, instead = (
        ("standardised", "dataset.standardise=false") if standardised else ("in [0, 1]", "dataset.inputs=raw")
    )
    raise InputError(
        f"model {model.name} scales its inputs in its layer {layer.name} ({type(layer).__name__}), and gets them "
        f"{done} already: twice would train badly without an error. Leave that layer out, as this scaling is saved and "
        f"served with the model, or set {instead}."
    )


def _scaling(model: keras.Model) -> keras.layers.Layer | None:
    """The `Rescaling` or `Normalization` that inputs come to before any layer which changes them."""
    for layer in getattr(model, "layers", []):
        if isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization):
            return layer
        if isinstance(layer, keras.Model):
            return _scaling(layer)
        if not type(layer).__module__.startswith(PASSED):
            return None
    return None


def _shrinks(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Rescaling) and float(np.max(np.abs(layer.scale))) < 0.1


def _is_adapted(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Normalization) and bool(np.any(keras.ops.convert_to_numpy(layer.mean) != 0))
