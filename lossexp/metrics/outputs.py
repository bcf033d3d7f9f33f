"""Saved model outputs: everything needed to score a run again, in one compressed npz."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lossexp.base.errors import InputError
from lossexp.base.files import whole
from lossexp.base.links import predicted_values
from lossexp.datasets.dataset import Dataset
from lossexp.metrics.score import OF_TASK, quick_score, score

MOST_BYTES = 512 * 2**20  # of float32 outputs; larger ones are kept as float16


@dataclass(frozen=True)
class Outputs:
    """A split's outputs and labels, with what gives them meaning; shapes are those of `lossexp.metrics.score`."""

    outputs: np.ndarray
    labels: np.ndarray
    task: str
    link: Any = None
    class_names: tuple[str, ...] = ()
    ignore_class: int | None = None

    def score(self) -> dict[str, float]:
        """`lossexp.metrics.score` of these outputs."""
        return score(**vars(self))

    def quick_score(self) -> dict[str, float]:
        """`lossexp.metrics.score.quick_score` of these outputs."""
        kept = {name: value for name, value in vars(self).items() if name != "class_names"}
        return quick_score(**kept)

    def predicted(self) -> np.ndarray:
        """What is predicted: classes, labels of 0 and 1, or values, `[n]` where there is one an example."""
        kind = OF_TASK[self.task]
        return kind(self.outputs, self.labels, self.link, self.class_names, self.ignore_class).predicted()


def outputs_of(raw: np.ndarray, y: np.ndarray, dataset: Dataset, link: Any) -> Outputs:
    """Of raw outputs `[n, ..., width]` of a model that trained on the dataset, and targets as it has them, `Split.y`.

    Values of regression come in their original unit, without a link.
    """
    if dataset.task == "regression":
        raw, y, link = dataset.original(predicted_values(raw, link)), dataset.original(y), None
    return Outputs(raw, y, dataset.task, link, dataset.class_names, dataset.ignore_class)


def save_outputs(
    path: Path,
    outputs: np.ndarray,
    labels: np.ndarray,
    *,
    task: str,
    link: Any = None,
    class_names: Sequence[str] = (),
    ignore_class: int | None = None,
) -> Path:
    """Writes a `.npz`, whole or not at all; returns its path.

    Raw outputs are kept as float32, or as float16 where that would be more than 512 MB, as it may be for segmentation:
    scores of the file are then those of the run to three digits. (Beyond 65504, its largest number, they are that.)
    Values of regression keep their dtype.
    """
    path, outputs = Path(path), np.asarray(outputs)
    meaning = {"task": task, "link": link, "class_names": list(class_names), "ignore_class": ignore_class}
    kept = outputs if task == "regression" else _small(outputs)
    with whole(path) as unfinished, open(unfinished, "wb") as file:
        np.savez_compressed(file, outputs=kept, labels=np.asarray(labels), meaning=np.array(json.dumps(meaning)))
    return path


def load_outputs(path: Path) -> Outputs:
    """Reads what `save_outputs` wrote; runs nothing from the file. Raises InputError where it is not that."""
    try:
        with np.load(path, allow_pickle=False) as file:
            meaning = json.loads(str(file["meaning"]))
            meaning["class_names"] = tuple(meaning["class_names"])
            outputs, labels = file["outputs"], file["labels"]
            scale = meaning.pop("target_scale", None)
            if scale and meaning["task"] == "regression":  # written before outputs were in the original unit
                outputs, labels = predicted_values(outputs, meaning.pop("link")) * scale, labels * scale
            return Outputs(outputs, labels, **meaning)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise InputError(f"{path} is not a file of saved outputs: {error}") from error


def _small(outputs: np.ndarray) -> np.ndarray:
    if 4 * outputs.size <= MOST_BYTES:
        return outputs.astype(np.float32)
    largest = np.finfo(np.float16).max
    return np.where(np.isfinite(outputs), np.clip(outputs, -largest, largest), outputs).astype(np.float16)
