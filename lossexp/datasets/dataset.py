"""The dataset contract: three splits of arrays and what a loss or a model needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lossexp.datasets.inputs import Inputs
from lossexp.datasets.stored import StoredInputs, rows

Task = Literal["multiclass", "binary", "ordinal", "multilabel", "segmentation", "regression"]


@dataclass(frozen=True)
class Split:
    """The examples of one split.

    x: `[n, ...]` as the source has them, in memory or on disk: what is done to them is part of the model. y: int32
    class numbers `[n]`, int32 answers 0 and 1 `[n, labels]` (multilabel), int32 class numbers `[n, height, width]`
    (segmentation), or float values `[n]` or `[n, outputs]` (regression). sample_weight: `[n]` float32, or None for
    all ones. clean_y: what `y` would be without label noise; None where no label was changed.
    """

    x: np.ndarray | StoredInputs
    y: np.ndarray
    sample_weight: np.ndarray | None = None
    clean_y: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    def first(self, n: int) -> Split:
        """The first `n` examples, or all where there are fewer."""
        return self._of(self.x[:n], slice(n))

    def rows(self, positions: np.ndarray) -> Split:
        """The examples at `positions`; the split itself, uncopied, where these are all in order."""
        if np.array_equal(positions, np.arange(len(self))):
            return self
        return self._of(rows(self.x, positions), positions)

    def _of(self, x: np.ndarray | StoredInputs, index: slice | np.ndarray) -> Split:
        others = (self.y, self.sample_weight, self.clean_y)
        return Split(x, *(None if array is None else array[index] for array in others))


@dataclass(frozen=True)
class Dataset:
    """The training, validation and test splits of one task.

    class_names: of the classes 0, 1, ..., or of the labels of multilabel data; for regression of the outputs, or
    empty. inputs: what an example is and what the model does to it first; None is nothing. ignore_class: marks the
    pixels of segmentation that do not count. target_scale, target_offset: of the targets of regression, where they are
    not in their original unit, which `original` gives; one number, or one for each output. transition: the
    probabilities by which training labels were made noisy, `[K, K]`, see `lossexp.datasets.noise`; None where they
    were not.
    """

    name: str
    task: Task
    train: Split
    val: Split
    test: Split
    class_names: tuple[str, ...] = ()
    inputs: Inputs | None = None
    ignore_class: int | None = None
    target_scale: float | list[float] = 1.0
    target_offset: float | list[float] = 0.0
    transition: np.ndarray | None = None

    def __post_init__(self):
        if self.inputs is None:
            object.__setattr__(self, "inputs", Inputs("raw", tuple(self.train.x.shape[1:])))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one example, as the model's own first layer gets it."""
        return self.inputs.shape

    @property
    def num_classes(self) -> int:
        """Number of classes, or of labels of multilabel data; 0 for regression."""
        return 0 if self.task == "regression" else len(self.class_names)

    @property
    def num_values(self) -> int:
        """Numbers to predict for each example of regression; 0 for classes."""
        if self.task != "regression":
            return 0
        return 1 if self.train.y.ndim == 1 else self.train.y.shape[1]

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Training examples of each class or with each label, or its pixels, `[num_classes]`; empty for regression."""
        if self.task == "regression":
            return ()
        if self.task == "multilabel":
            return tuple(self.train.y.sum(axis=0).tolist())
        labels = self.train.y if self.ignore_class is None else self.train.y[self.train.y != self.ignore_class]
        return tuple(np.bincount(labels.reshape(-1), minlength=self.num_classes).tolist())

    @property
    def splits(self) -> dict[str, Split]:
        return {"train": self.train, "val": self.val, "test": self.test}

    def original(self, y: np.ndarray) -> np.ndarray:
        """Targets, or predictions of them, in the original unit, float64."""
        return np.asarray(y, np.float64) * self.target_scale + self.target_offset
