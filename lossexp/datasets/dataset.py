"""The dataset contract: three splits of arrays and what a loss or a model needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lossexp.datasets.stored import StoredInputs

Task = Literal["multiclass", "binary", "ordinal", "multilabel", "segmentation", "regression"]


@dataclass(frozen=True)
class Split:
    """The examples of one split.

    x: `[n, *input_shape]` float32, in memory or on disk. y: `[n]`, int32 class labels or float32 values.
    sample_weight: `[n]` float32, or None for all ones.
    """

    x: np.ndarray | StoredInputs
    y: np.ndarray
    sample_weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    def first(self, n: int) -> Split:
        """The first `n` examples, or all where there are fewer."""
        weight = None if self.sample_weight is None else self.sample_weight[:n]
        return Split(self.x[:n], self.y[:n], weight)


@dataclass(frozen=True)
class Dataset:
    """The training, validation and test splits of one task.

    class_names: of the classes 0, 1, ...; empty for regression. target_scale: for regression, the stored targets are
    the original ones divided by it (and not shifted, so that positive stays positive), and metrics multiply by it to
    report in the original unit.
    """

    name: str
    task: Task
    train: Split
    val: Split
    test: Split
    class_names: tuple[str, ...] = ()
    target_scale: float = 1.0

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.train.x.shape[1:])

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.class_names)

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Training examples of each class, `[num_classes]`; empty for regression."""
        if self.task == "regression":
            return ()
        return tuple(int(n) for n in np.bincount(self.train.y, minlength=self.num_classes))

    @property
    def splits(self) -> dict[str, Split]:
        return {"train": self.train, "val": self.val, "test": self.test}
