"""Known label noise: the probabilities with which labels move from class to class."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from lossexp.base.checks import Fraction, Interval, Length
from lossexp.base.errors import InputError
from lossexp.losses.base.multiclass import MulticlassLoss


class NoisyLabels(MulticlassLoss):
    """A loss that is told the label noise.

    Args:
        transition: a symmetric noise rate in [0, 1), with which a label moves to any other class with equal
            probability, or the matrix T, K rows of K numbers in [0, 1] that sum to 1: `T_ky = P(label y | class k)`.
    """

    transition: Annotated[float, Interval("[0, 1)")] | Annotated[list[list[Fraction]], Length(2, "class")] = 0.2

    def __post_init__(self):
        super().__post_init__()
        rows = [] if isinstance(self.transition, float) else self.transition
        for k, row in enumerate(rows):
            if len(row) != len(rows) or abs(sum(row) - 1.0) > 1e-6:
                raise InputError(
                    f"{type(self).__name__}.transition[{k}]={row}: give {len(rows)} numbers in [0, 1] that sum to 1, "
                    f"the label probabilities of true class {k}."
                )


def transition_matrix(loss: NoisyLabels, num_classes: int) -> np.ndarray:
    """The matrix `loss.transition`, `[K, K]` float64. Raises ValueError on another K than `num_classes`."""
    matrix = np.asarray(loss.transition, np.float64)
    if len(matrix) != num_classes:
        raise ValueError(
            f"{type(loss).__name__}: transition has {len(matrix)} rows and columns for {num_classes} classes."
        )
    return matrix
