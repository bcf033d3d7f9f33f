"""A finished run's model again: `mode=evaluate` scores it, `mode=predict` writes its predictions.

Everything comes from the run's folder: its saved config, not the one composed now.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lossexp.base.blame import blaming
from lossexp.base.errors import InputError
from lossexp.base.model_files import WEIGHTS, model_file
from lossexp.base.screen import show_scores
from lossexp.config.job import Job
from lossexp.datasets.check import check_numbers
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.inputs import RESCALING, VALUES
from lossexp.datasets.npz import plain_arrays
from lossexp.datasets.stored import chunks
from lossexp.experiment.lookup import find_run, reading
from lossexp.experiment.predictions import table
from lossexp.metrics import Outputs, load_outputs
from lossexp.process.importing import first_import

if TYPE_CHECKING:
    import keras

BATCH = 1024
log = logging.getLogger(__name__)


def evaluate(job: Job) -> dict[str, float]:
    """Test metrics of the finished run `job["run"]`, from its model and the examples that it was scored on."""
    run_dir = find_run(job)
    outputs = run_outputs(run_dir, job.trusted)
    scores = outputs.score()
    show_scores(f"run {run_dir.name}, evaluated again", scores, "")
    return scores


def predict(job: Job) -> Path:
    """Writes `predictions.csv` into the folder of the finished run `job["run"]` and returns its path.

    Rows: the run's test split (the part that it was scored on), or `x` of the npz file `job["inputs"]`, as the run's
    dataset has its inputs: what was done to them is part of the model.
    `lossexp.experiment.predictions.table` says what its columns are. Predicted classes of pixels are written as
    `predicted` `[n, H, W]` into `predictions.npz` beside it.
    """
    run_dir, inputs = find_run(job), job["inputs"]
    outputs = run_outputs(run_dir, job.trusted, inputs)
    path, masks = run_dir / "predictions.csv", run_dir / "predictions.npz"
    for file in (path, masks):
        file.unlink(missing_ok=True)  # in a stranger's folder it may be a link to another file
    table(outputs, labelled=inputs is None).to_csv(path, index_label="example")
    if outputs.task == "segmentation":
        np.savez_compressed(masks, predicted=outputs.predicted())
        log.info("masks in %s", masks)
    log.info("%d predictions in %s", len(outputs.outputs), path)
    return path


def run_outputs(run_dir: Path, trusted: Sequence[str], inputs: str | None = None) -> Outputs:
    """What the run's model returns for its test split, or for `x` of the npz file `inputs`."""
    with reading(run_dir / "config.yaml"):
        saved = Job.read(run_dir / "config.yaml", trusted)
    with reading(run_dir / "test_outputs.npz"):
        facts = load_outputs(run_dir / "test_outputs.npz")
    file = model_file(run_dir)
    dataset: Dataset | None = saved.build("dataset") if inputs is None or file.name == WEIGHTS else None
    if inputs is None:
        test = scored(dataset.test, saved["trainer"])
        x, y = test.x, test.y
    else:
        x, y = read_inputs(Path(inputs)), None

    with first_import("lossexp.experiment.rebuilding"):
        from lossexp.experiment.rebuilding import rebuilt
        from lossexp.models.keras_file import check_modules, load

    if file.name == WEIGHTS:
        model = rebuilt(saved, dataset, file)
    else:
        saved.prepare("model")  # importing what it names registers its classes
        with reading(file):
            check_modules(file, trusted)
            model = load(file, trusted)
    if inputs is None:
        check_version(model, dataset, run_dir)
    else:
        x = as_taken(x, model, inputs)
    parts = (part[i : i + BATCH] for part in chunks(x) for i in range(0, len(part), BATCH))
    with blaming(f"inputs={inputs}" if inputs else f"run={run_dir.name}"):
        found = [np.asarray(model(part, training=False)) for part in parts]  # `predict` would round to float32
    outputs = np.concatenate(found)
    return replace(facts, outputs=outputs, labels=unknown(outputs, facts.task) if y is None else y)


def unknown(outputs: np.ndarray, task: str) -> np.ndarray:
    """Zeros in the place of labels that nobody gave, in their shape."""
    of_all = {"segmentation": outputs.shape[:-1], "multilabel": outputs.shape, "regression": outputs.shape}
    return np.zeros(of_all.get(task, len(outputs)), int)


def layer_names(model: keras.Model) -> Iterator[str]:
    """The names of all layers, those of models inside too."""
    for layer in getattr(model, "layers", []):
        yield layer.name
        yield from layer_names(layer)


def check_version(model: keras.Model, dataset: Dataset, run_dir: Path) -> None:
    """Raises InputError for a model without the preprocessing that the dataset asks for."""
    layers = set(layer_names(model))
    if (dataset.inputs.scale is not None and RESCALING not in layers) or (
        dataset.task == "regression" and VALUES not in layers
    ):
        raise InputError(
            f"{run_dir / 'model.keras'} was written by an earlier version, whose models do not hold what was done to "
            "the data. Give the run's command with rerun=true to train it again."
        )


def scored(test: Split, trainer: Mapping[str, Any]) -> Split:
    """The part of the test split that a run with these trainer settings is scored on."""
    batches = trainer.get("limit_eval_batches")
    return test if batches is None else test.first(batches * trainer["batch_size"])


def as_taken(x: np.ndarray, model: keras.Model, inputs: str) -> np.ndarray:
    """`x` in the dtype that the model takes. Raises InputError where it has another shape, or loses values by that."""
    check_shape(x, model, inputs)
    if not getattr(model, "inputs", None):
        return x
    taken = x.astype(model.inputs[0].dtype)
    if taken.dtype.kind in "iu" and (taken != x).any():
        raise InputError(
            f"inputs={inputs}: x has dtype {x.dtype} and values that {taken.dtype} does not hold, and the run was "
            f"trained on {taken.dtype}. Give the inputs as the run's dataset has them."
        )
    return taken


def check_shape(x: np.ndarray, model: keras.Model, inputs: str) -> None:
    """Raises InputError where `x` is not of the shape `[n, *input_shape]` that the model takes."""
    # Where a model is a subclass, only what it was built with tells.
    taken = getattr(model, "input_shape", None) or (model.get_build_config() or {}).get("input_shape")
    if not isinstance(taken, tuple | list) or not all(size is None or isinstance(size, int) for size in taken[1:]):
        return  # several inputs, or a model that does not say
    fits = len(taken) == x.ndim and all(size in (None, own) for size, own in zip(taken[1:], x.shape[1:], strict=True))
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in taken[1:])
        raise InputError(
            f"inputs={inputs}: x has the shape {x.shape}, but the run's model takes (n, {wanted}). Give n examples "
            "as the run's dataset has them."
        )


def read_inputs(path: Path) -> np.ndarray:
    """`x` `[n, ...]` from an npz file, as it is there. Raises InputError where it holds no such numbers."""
    x = plain_arrays(path, ("x",), f"inputs={path}", "Write it with numpy.savez(path, x=...).")["x"]
    check_numbers(x, "values of x", f"inputs={path}")
    if not x.size:
        raise InputError(f"inputs={path}: x has the shape {x.shape}. Give at least one example.")
    return x
