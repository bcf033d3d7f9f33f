"""Known label noise: the probabilities with which labels move from class to class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from lossexp.base.checks import BelowOne, ClassMoves
from lossexp.base.errors import InputError
from lossexp.datasets.noise.transition import as_matrix, spread
from lossexp.losses.base.multiclass import MulticlassLoss


class NoisyLabels(MulticlassLoss):
    """A loss that is told the label noise, `T_ky = P(label y | true class k)`.

    Args:
        T: a symmetric noise rate in [0, 1), with which a label moves to any other class with equal probability; the
            matrix, K rows of K numbers in [0, 1] that sum to 1; a `.npy` or `.csv` file of it; a mapping such as
            `{7: {1: 0.4}}`, of which the rest stays; or true for the matrix by which an experiment made the noise.
    """

    T: Literal[True] | BelowOne | ClassMoves = 0.2

    def __post_init__(self):
        super().__post_init__()
        rows = self.T if isinstance(self.T, list) else []
        for k, row in enumerate(rows):
            if len(row) != len(rows) or abs(sum(row) - 1.0) > 1e-6:
                raise InputError(
                    f"{type(self).__name__}.T[{k}]={row}: give {len(rows)} numbers in [0, 1] that sum to 1, "
                    f"the label probabilities of true class {k}."
                )

    def settle(self, names: Sequence[str], made_by: np.ndarray | None) -> None:
        """Makes a matrix of T, which is saved with the loss: of its file, its class names, or the experiment's noise.

        names: of the classes. made_by: the matrix by which the labels were made noisy, `[K, K]`, or None. Raises
        InputError where T does not fit the classes, or is true and there is no noise.
        """
        if self.T is True and made_by is None:
            raise InputError(
                "loss.T=true is the matrix by which labels were made noisy, and here they were not. Choose "
                "noise=symmetric or another kind, or give the matrix, a file of it, or a rate: loss.T=0.2."
            )
        if not isinstance(self.T, float):
            self.T = as_matrix(made_by if self.T is True else self.T, names, "loss.T").tolist()

    def matrix(self, num_classes: int) -> np.ndarray:
        """T, `[K, K]` float64. Raises ValueError where it is none of `num_classes` classes."""
        setting, names = f"{type(self).__name__}.T", [str(k) for k in range(num_classes)]
        if self.T is True:
            raise ValueError(f"{setting}=true is for an experiment, which knows the noise. Give the matrix.")
        if isinstance(self.T, float):
            return spread(np.full(num_classes, self.T))
        return as_matrix(self.T, names, setting)

    @classmethod
    def from_config(cls, config: dict) -> NoisyLabels:
        return super().from_config({"T" if name == "transition" else name: v for name, v in config.items()})
