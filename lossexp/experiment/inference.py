"""A finished run's model again: `mode=evaluate` scores it, `mode=predict` writes its predictions.

Everything comes from the run's folder: its saved config, not the one composed now.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossexp.base.errors import InputError
from lossexp.base.links import probabilities
from lossexp.base.model_files import WEIGHTS, model_file
from lossexp.base.screen import show_scores
from lossexp.config.job import Job
from lossexp.config.targets import locate
from lossexp.datasets.check import check_numbers
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.npz import plain_arrays
from lossexp.experiment.lookup import find_run, reading
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

    Rows: the run's test split (the part that it was scored on), or `x` of the npz file `job["inputs"]`, given in
    the model's own input scale.
    Columns: `label` (where known), `predicted`, and `p/<class>` for classes.
    """
    run_dir, inputs = find_run(job), job["inputs"]
    outputs = run_outputs(run_dir, job.trusted, inputs)
    path = run_dir / "predictions.csv"
    path.unlink(missing_ok=True)  # in a stranger's folder it may be a link to another file
    table(outputs, labelled=inputs is None).to_csv(path, index_label="example")
    log.info("%d predictions in %s", len(outputs.outputs), path)
    return path


def run_outputs(run_dir: Path, trusted: Sequence[str], inputs: str | None = None) -> Outputs:
    """What the run's model returns for its test split, or for `x` of the npz file `inputs`."""
    with reading(run_dir / "config.yaml"):
        saved = Job.read(run_dir / "config.yaml", trusted)
        target = saved["model"]["_target_"]
    with reading(run_dir / "test_outputs.npz"):
        facts = load_outputs(run_dir / "test_outputs.npz")
    file = model_file(run_dir)
    dataset: Dataset | None = saved.build("dataset") if inputs is None or file.name == WEIGHTS else None
    if inputs is None:
        test = scored(dataset.test, saved["trainer"])
        x, y = test.x, test.y
    else:
        x = read_inputs(Path(inputs))
        y = np.zeros(len(x))

    with first_import("lossexp.trainer.predictor"):
        from lossexp.experiment.rebuilding import rebuilt
        from lossexp.models.keras_file import check_modules, load
        from lossexp.trainer.predictor import Predictor

    if file.name == WEIGHTS:
        model = rebuilt(saved, dataset, file)
    else:
        locate(target, "model", trusted)  # importing it registers its classes
        with reading(file):
            check_modules(file, trusted)
            model = load(file, trusted)
    if inputs is not None:
        check_shape(x, model, inputs)
    return replace(facts, outputs=Predictor(model)(x), labels=y)


def scored(test: Split, trainer: Mapping[str, Any]) -> Split:
    """The part of the test split that a run with these trainer settings is scored on."""
    batches = trainer.get("limit_eval_batches")
    return test if batches is None else test.first(batches * trainer["batch_size"])


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
    """`x` `[n, *input_shape]`, float32, from an npz file. Raises InputError where it holds no such numbers."""
    x = plain_arrays(path, ("x",), f"inputs={path}", "Write it with numpy.savez(path, x=...).")["x"]
    check_numbers(x, "values of x", f"inputs={path}")
    if not x.size:
        raise InputError(f"inputs={path}: x has the shape {x.shape}. Give at least one example.")
    return np.asarray(x, np.float32)


def table(outputs: Outputs, labelled: bool) -> pd.DataFrame:
    """Predictions as a table, one row an example."""
    columns = {}
    if outputs.task == "regression":
        if labelled:
            columns["label"] = outputs.labels * outputs.target_scale
        columns["predicted"] = outputs.predicted()
        return pd.DataFrame(columns)
    names = np.asarray(outputs.class_names)
    if labelled:
        columns["label"] = names[outputs.labels.astype(int)]
    columns["predicted"] = names[outputs.predicted()]
    p = probabilities(outputs.outputs, outputs.link)
    return pd.DataFrame({**columns, **{f"p/{name}": p[:, k] for k, name in enumerate(names)}})
