"""What a run consumed and produced, in MLflow's terms: dataset inputs and a logged model.

Everything goes through a client and an explicit run id; MLflow's global URI and active run stay untouched.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lossexp.base.files import whole
from lossexp.base.model_files import custom_modules
from lossexp.datasets.dataset import Dataset, Split
from lossexp.tracking import mlflow_loader
from lossexp.tracking.mlflow_loader import KERAS_FILE

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

MODEL_NAME = "model"
DESCRIPTION = "MLmodel"


def save_model(model: Any, inputs: np.ndarray | dict[str, np.ndarray], outputs: np.ndarray, path: Path) -> None:
    """Writes a keras.Model (or a `.keras` file) into the folder `path` as an MLflow model with a signature.

    `mlflow.pyfunc.load_model` reloads it wherever this package is installed; `mlflow.keras.load_model`
    needs the module of a subclassed model imported before, as Keras does.
    """
    import keras
    import mlflow.keras
    from mlflow.models import Model, ModelSignature, infer_signature
    from mlflow.types.schema import AnyType, ColSpec, Schema

    file = Path(model) if isinstance(model, str | Path) else None
    with whole(path) as unfinished:
        description = Model(signature=infer_signature(inputs, outputs))
        mlflow.keras.save_model(
            keras.saving.load_model(file, compile=False) if file else model,
            str(unfinished),
            mlflow_model=description,
            signature=description.signature,
            pip_requirements=requirements(),
        )
        if file:
            _link(file, unfinished / KERAS_FILE)
        if custom_modules(unfinished / KERAS_FILE) or isinstance(inputs, dict):
            description.flavors["python_function"]["loader_module"] = mlflow_loader.__name__
        if isinstance(inputs, dict):
            # For callers who have a table. Any type, since MLflow's double takes no integers, and its string no bools.
            columns = Schema([ColSpec(AnyType(), name) for name in inputs])
            description.signature = ModelSignature(columns, description.signature.outputs)
        description.save(str(unfinished / DESCRIPTION))


def _link(file: Path, copy: Path) -> None:
    """The same bytes once on disk, where the file system can."""
    with suppress(OSError):
        os.link(file, copy.with_suffix(".link"))
        os.replace(copy.with_suffix(".link"), copy)


def log_saved_model(client: MlflowClient, run_id: str, path: Path, step: int) -> None:
    """Logs what `save_model` wrote as the run's model, `runs:/<run_id>/model`.

    It is linked to the run, and a folder `model` of the run's artifacts. A model that an interrupted attempt began is
    completed: a run has one.
    """
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    run = client.get_run(run_id)
    begun = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'")
    logged = next((m for m in begun if m.name == MODEL_NAME), None) or client.create_logged_model(
        run.info.experiment_id, MODEL_NAME, source_run_id=run_id, model_type="keras"
    )
    description = Model.load(str(path))
    description.artifact_path, description.run_id = logged.artifact_location, run_id
    description.model_id = description.model_uuid = logged.model_id
    with whole(path / DESCRIPTION) as unfinished:
        description.save(str(unfinished))
    client.log_model_artifacts(logged.model_id, str(path))
    # The run's own page lists a logged model's files only where the run has no others: a copy for it.
    client.log_artifacts(run_id, str(path), MODEL_NAME)
    client.finalize_logged_model(logged.model_id, "READY")
    if logged.model_id not in {output.model_id for output in run.outputs.model_outputs}:
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=step)])


def requirements() -> list[str]:
    """What reloading needs; given explicitly, as MLflow would otherwise import it all in a new process."""
    return [f"{package}=={version(package)}" for package in ("tensorflow", "keras", "numpy")]


def dataset_inputs(dataset: Dataset) -> list[dict[str, Any]]:
    """The three splits as MLflow inputs: name, shapes and a digest of the content, as JSON can hold them."""
    return [_dataset_input(dataset.name, context, split) for context, split in dataset.splits.items()]


def _dataset_input(name: str, context: str, split: Split) -> dict[str, Any]:
    import mlflow.data

    x = split.x
    if not isinstance(x, np.ndarray):  # on disk: MLflow wants its shape and dtype only
        x = np.broadcast_to(np.zeros((), x.dtype), x.shape)
    described = mlflow.data.from_numpy(x, targets=split.y, name=name, digest=digest(split))
    return {"dataset": described.to_dict(), "tags": {"mlflow.data.context": context}}


def log_inputs(client: MlflowClient, run_id: str, inputs: Sequence[Mapping[str, Any]]) -> None:
    """Logs what `dataset_inputs` describes."""
    from mlflow.entities import Dataset as Entity
    from mlflow.entities import DatasetInput, InputTag

    def entity(dataset: Mapping[str, str], tags: Mapping[str, str]) -> DatasetInput:
        return DatasetInput(Entity(**dataset), [InputTag(key, value) for key, value in tags.items()])

    client.log_inputs(run_id, [entity(**each) for each in inputs])


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
