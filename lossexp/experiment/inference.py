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
from lossexp.config.targets import locate
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.inputs import RESCALING, VALUES
from lossexp.experiment.data import build_dataset
from lossexp.experiment.lookup import find_run, reading
from lossexp.experiment.new_rows import batches, read_rows
from lossexp.experiment.predictions import table
from lossexp.metrics import Outputs, load_outputs
from lossexp.process.importing import first_import

if TYPE_CHECKING:
    import keras

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

    Rows: the run's test split (the part that it was scored on), or those of the file `job["inputs"]`, as the run's
    dataset has its inputs: `x` of an npz file, or the columns of a table; what was done to them is part of the model.
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
    """What the run's model returns for its test split, or for the rows of the file `inputs`."""
    with reading(run_dir / "config.yaml"):
        saved = Job.read(run_dir / "config.yaml", trusted)
        target = saved["model"]["_target_"]
    with reading(run_dir / "test_outputs.npz"):
        facts = load_outputs(run_dir / "test_outputs.npz")
    file = model_file(run_dir)
    dataset: Dataset | None = build_dataset(saved) if inputs is None or file.name == WEIGHTS else None
    if inputs is None:
        test = scored(dataset.test, saved["trainer"])
        x, y = dataset.inputs.raw(test.x), test.y

    with first_import("lossexp.experiment.rebuilding"):
        from lossexp.experiment.rebuilding import rebuilt
        from lossexp.models.keras_file import check_modules, load

    if file.name == WEIGHTS:
        model = rebuilt(saved, dataset, file)
    else:
        locate(target, "model", trusted)  # importing it registers its classes
        with reading(file):
            check_modules(file, trusted)
            model = load(file, trusted)
    if inputs is None:
        check_version(model, dataset, run_dir)
    else:
        x = read_rows(inputs, model, saved["dataset"])
    with blaming(f"inputs={inputs}" if inputs else f"run={run_dir.name}"):
        found = [np.asarray(model(part, training=False)) for part in batches(x)]  # `predict` would round to float32
    outputs = np.concatenate(found)
    return replace(facts, outputs=outputs, labels=unknown(outputs, facts.task) if inputs is not None else y)


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
