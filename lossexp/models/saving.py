"""The files that models are kept in: the model itself, or its weights where it cannot be saved."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import keras

from lossexp.base.blame import sentence
from lossexp.base.files import whole
from lossexp.base.model_files import MODEL, WEIGHTS

log = logging.getLogger(__name__)


def save_model(model: keras.Model, folder: Path, savable: bool = True) -> Path:
    """Writes `model.keras`, or `model.weights.h5` for a model that is not `savable`, whole or not at all.

    A folder has one of the two. Weights are written also where saving fails although a trial had succeeded.
    """
    kept, other = (MODEL, WEIGHTS) if savable else (WEIGHTS, MODEL)
    try:
        with whole(folder / kept) as file:
            (model.save if savable else model.save_weights)(file)
    except Exception as error:
        if not savable or isinstance(error, OSError):
            raise
        log.warning("The trained model cannot be saved (%s); its weights are kept, %s", sentence(error), WEIGHTS)
        return save_model(model, folder, savable=False)
    (folder / other).unlink(missing_ok=True)
    return folder / kept


def load_weights(model: keras.Model, file: Path) -> None:
    """Loads all weights of a model from its file; whatever Keras or h5py raise where they are not all there."""
    with warnings.catch_warnings():
        # Keras passes over some layers that a file does not have, and only warns.
        warnings.filterwarnings("error", message="Skipping nested container")
        model.load_weights(file)
