"""What `mlflow.pyfunc.load_model` calls for logged models that have classes of this package, or of a user's.

Keras finds such a class only after its module was imported; MLflow's own loader imports none.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from lossexp.base.model_files import custom_modules

KERAS_FILE = Path("data") / "model.keras"


def _load_pyfunc(path: str) -> Any:  # the name is MLflow's
    from mlflow.keras.load import _load_pyfunc as load

    for module in custom_modules(Path(path) / KERAS_FILE):
        importlib.import_module(module)
    return load(path)
