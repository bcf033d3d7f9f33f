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
from lossexp.base.links import log_probabilities, predicted_values
from lossexp.metrics.score import score


@dataclass(frozen=True)
class Outputs:
    """A split's outputs and labels `[n]`, with what gives them meaning.

    outputs: raw ones `[n, num_outputs]` float32, which the link makes probabilities of; for regression the predicted
    values `[n, 1]` float64 in the original unit, as the labels are, and no link.
    """

    outputs: np.ndarray
    labels: np.ndarray
    task: str
    link: Any = None
    class_names: tuple[str, ...] = ()

    def score(self) -> dict[str, float]:
        """`lossexp.metrics.score` of these outputs."""
        return score(
            self.outputs,
            self.labels,
            task=self.task,
            link=self.link,
            class_names=self.class_names,
        )

    def predicted(self) -> np.ndarray:
        """The most probable class of each example, `[n]`, or its predicted value in the original unit."""
        if self.task == "regression":
            return self.outputs[:, 0]
        return log_probabilities(self.outputs, self.link).argmax(axis=1)


def save_outputs(
    path: Path,
    outputs: np.ndarray,
    labels: np.ndarray,
    *,
    task: str,
    link: Any = None,
    class_names: Sequence[str] = (),
) -> Path:
    """Writes a `.npz`, whole or not at all; returns its path."""
    path = Path(path)
    meaning = {"task": task, "link": link, "class_names": list(class_names)}
    with whole(path) as unfinished, open(unfinished, "wb") as file:
        np.savez_compressed(
            file,
            outputs=np.asarray(outputs),
            labels=np.asarray(labels),
            meaning=np.array(json.dumps(meaning)),
        )
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
