"""What a run consumed and produced, in MLflow's terms: dataset inputs and a logged model.

Everything goes through a client and an explicit run id; MLflow's global URI and active run stay untouched.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lossexp.base.model_files import custom_modules
from lossexp.datasets.dataset import Dataset, Split
from lossexp.tracking import mlflow_loader
from lossexp.tracking.breaker import summary
from lossexp.tracking.mlflow_loader import KERAS_FILE

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from mlflow.models import Model

log = logging.getLogger(__name__)
MODEL_NAME = "model"


def log_keras_model(
    client: MlflowClient,
    run_id: str,
    model: Any,
    inputs: np.ndarray | dict[str, np.ndarray],
    outputs: np.ndarray,
    step: int,
) -> None:
    """Logs a keras.Model (or a `.keras` file) as the run's model, `runs:/<run_id>/model`.

    It is an MLflow model with a signature, linked to the run, and a folder `model` of the run's artifacts.
    `mlflow.pyfunc.load_model` reloads it wherever this package is installed; `mlflow.keras.load_model`
    needs the module of a subclassed model imported before, as Keras does. A model that an interrupted attempt
    began is completed: a run has one. Of a model that MLflow cannot take, for which the store is not to blame, a
    warning says why, and its file is an artifact of the run.
    """
    from mlflow.entities import LoggedModelOutput

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_NAME
        try:
            description = _save(model, inputs, outputs, path)
        except OSError:
            raise
        except Exception as error:  # of Keras, MLflow or the user's class
            log.warning("MLflow cannot take the model: %s. The run has its file instead, and all else.", summary(error))
            if isinstance(model, str | Path):
                client.log_artifact(run_id, str(model))
            return
        run = client.get_run(run_id)
        begun = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'")
        logged = next((m for m in begun if m.name == MODEL_NAME), None) or client.create_logged_model(
            run.info.experiment_id, MODEL_NAME, source_run_id=run_id, model_type="keras"
        )
        description.artifact_path, description.run_id = logged.artifact_location, run_id
        description.model_id = description.model_uuid = logged.model_id
        description.save(str(path / "MLmodel"))
        client.log_model_artifacts(logged.model_id, str(path))
        # The run's own page lists a logged model's files only where the run has no others: a copy for it.
        client.log_artifacts(run_id, str(path), MODEL_NAME)
    client.finalize_logged_model(logged.model_id, "READY")
    if logged.model_id not in {output.model_id for output in run.outputs.model_outputs}:
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=step)])


def _save(model: Any, inputs: np.ndarray | dict[str, np.ndarray], outputs: np.ndarray, path: Path) -> Model:
    """Writes the model into the folder `path` as MLflow stores it, and returns MLflow's description of it."""
    import keras
    import mlflow.keras
    from mlflow.models import Model, ModelSignature, infer_signature
    from mlflow.types.schema import AnyType, ColSpec, Schema

    if isinstance(model, str | Path):
        model = keras.saving.load_model(model, compile=False)
    description = Model(signature=infer_signature(inputs, outputs))
    mlflow.keras.save_model(
        model,
        str(path),
        mlflow_model=description,
        signature=description.signature,
        pip_requirements=requirements(),
    )
    if custom_modules(path / KERAS_FILE) or isinstance(inputs, dict):
        description.flavors["python_function"]["loader_module"] = mlflow_loader.__name__
    if isinstance(inputs, dict):
        # For callers who have a table. Any type, since MLflow's double takes no integers, and its string no bools.
        columns = Schema([ColSpec(AnyType(), name) for name in inputs])
        description.signature = ModelSignature(columns, description.signature.outputs)
    return description


def requirements() -> list[str]:
    """What reloading needs; given explicitly, as MLflow would otherwise import it all in a new process."""
    return [f"{package}=={version(package)}" for package in ("tensorflow", "keras", "numpy")]


def dataset_inputs(dataset: Dataset) -> list[DatasetInput]:
    """The three splits as MLflow inputs: name, shapes and a digest of the content."""
    return [_dataset_input(dataset.name, context, split) for context, split in dataset.splits.items()]


def _dataset_input(name: str, context: str, split: Split) -> DatasetInput:
    import mlflow.data
    from mlflow.entities import Dataset as Entity
    from mlflow.entities import DatasetInput, InputTag

    x = split.x
    if not isinstance(x, np.ndarray):  # on disk: MLflow wants its shape and dtype only
        x = np.broadcast_to(np.zeros((), x.dtype), x.shape)
    described = mlflow.data.from_numpy(x, targets=split.y, name=name, digest=digest(split))
    return DatasetInput(Entity(**described.to_dict()), tags=[InputTag("mlflow.data.context", context)])


def digest(split: Split) -> str:
    """16 hexadecimal digits that change with any value, shape or dtype of the split.

    Inputs on disk count by their file's name, size and time of change, and by which of them the split has.
    """
    content = hashlib.blake2b(digest_size=8)
    x = split.x
    if not isinstance(x, np.ndarray):
        file = os.stat(x.file.filename)
        content.update(f"{x.file.filename}{file.st_size}{file.st_mtime_ns}".encode())
        x = x.positions
    for array in (x, split.y, split.sample_weight):
        if array is not None:
            content.update(f"{array.dtype}{array.shape}".encode())
            content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()
