"""Class counts of the training split, as part of a loss's formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
import tensorflow as tf

from lossexp.base.checks import FromZero, Length
from lossexp.losses.base import arguments
from lossexp.losses.base.loss import Loss


class CountsLoss(Loss):
    """Adds class counts n_c, `[K]`, to the base that stands behind it: `class LDAM(CountsLoss, MulticlassLoss)`.

    What the counts do (weights, margins, logit shifts) happens in the loss alone: predictions are made from the raw
    outputs. A value asked for without counts, or with another number of classes than the logits have, raises
    ValueError.

    Args:
        class_counts: training examples per class, all at least 1 unless `zero_counts`; or None until `adapt`, which an
            experiment calls with those of the training split. Saved with the loss.
    """

    needs_counts = True
    examples: ClassVar[int | None] = None  # a parameter where a formula needs their number
    zero_counts: ClassVar[bool] = False

    class_counts: Annotated[list[FromZero], Length(2, "class")] | None = None

    def __post_init__(self):
        given = self.class_counts
        self.class_counts = None if given is None else arguments.class_counts(self, given)
        super().__post_init__()
        if given is not None:
            self.adapt(self.class_counts)

    def adapt(self, class_counts: Sequence[int]) -> None:
        super().adapt(arguments.class_counts(self, class_counts, positive=not self.zero_counts))

    def counts(self, logits: tf.Tensor) -> np.ndarray:
        """n_c as `[K]` float64, for logits `[..., K]`."""
        if self.class_counts is None:
            raise ValueError(
                f"{type(self).__name__} needs the number of training examples per class: pass class_counts, "
                "or call adapt(class_counts) before training."
            )
        counts = np.asarray(self.class_counts, np.float64)
        if counts.shape != logits.shape[-1:]:
            raise ValueError(f"class_counts has shape {counts.shape}, for logits of shape {logits.shape}.")
        return counts

    @property
    def total(self) -> int:
        """The number of training examples: `examples`, or the sum of the counts, as where each has one label."""
        return self.examples or sum(self.class_counts)


def of_label(targets: tf.Tensor, per_class: np.ndarray) -> tf.Tensor:
    """`sum_k t_k c_k`, `[...]`: the class's number for a hard label, the mean for a soft one."""
    # No matrix product: a GPU may round those to 10 bits (TF32).
    return tf.reduce_sum(targets * np.asarray(per_class, np.float32), axis=-1)
