"""What `mlflow.pyfunc.load_model` calls for logged models of columns, or with classes of this package or a user's.

Keras finds such a class only after its module was imported; MLflow's own loader imports none.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lossexp.base.model_files import custom_modules
from lossexp.datasets.columns import batches, raw

KERAS_FILE = Path("data") / "model.keras"
BATCH = 1024


def _load_pyfunc(path: str) -> Any:  # the name is MLflow's
    from mlflow.keras.load import _load_pyfunc as load

    for module in custom_modules(Path(path) / KERAS_FILE):
        importlib.import_module(module)
    loaded = load(path)
    return OfColumns(loaded.model) if isinstance(getattr(loaded.model, "input", None), dict) else loaded


class OfColumns:
    """A Keras model of columns `[n, 1]`, for callers who have a table."""

    def __init__(self, model: Any):
        self.model = model

    def predict(self, data: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """One row of outputs for each row of the table, whose further columns are not read."""
        taken = {name: tensor.dtype for name, tensor in self.model.input.items()}
        parts = batches(raw(data, taken, "the table"), BATCH)
        return pd.DataFrame(np.concatenate([self.model(part, training=False) for part in parts]), index=data.index)
