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
    """A split's raw outputs `[n, num_outputs]` float32 and labels `[n]`, with what gives them meaning."""

    outputs: np.ndarray
    labels: np.ndarray
    task: str
    link: Any
    class_names: tuple[str, ...] = ()
    target_scale: float = 1.0

    def score(self) -> dict[str, float]:
        """`lossexp.metrics.score` of these outputs."""
        return score(
            self.outputs,
            self.labels,
            task=self.task,
            link=self.link,
            class_names=self.class_names,
            target_scale=self.target_scale,
        )

    def predicted(self) -> np.ndarray:
        """The most probable class of each example, `[n]`, or its predicted value in the original unit."""
        if self.task == "regression":
            return predicted_values(self.outputs, self.link) * self.target_scale
        return log_probabilities(self.outputs, self.link).argmax(axis=1)


def save_outputs(
    path: Path,
    outputs: np.ndarray,
    labels: np.ndarray,
    *,
    task: str,
    link: Any,
    class_names: Sequence[str] = (),
    target_scale: float = 1.0,
) -> Path:
    """Writes a `.npz` of at most float32 outputs, whole or not at all; returns its path."""
    path = Path(path)
    meaning = {
        "task": task,
        "link": link,
        "class_names": list(class_names),
        "target_scale": float(target_scale),
    }
    with whole(path) as unfinished, open(unfinished, "wb") as file:
        np.savez_compressed(
            file,
            outputs=np.asarray(outputs, np.float32),
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
            return Outputs(file["outputs"], file["labels"], **meaning)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise InputError(f"{path} is not a file of saved outputs: {error}") from error
