"""The loss contract: a `keras.losses.Loss` that says what it needs of data, head and schedule."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import keras
import tensorflow as tf

from lossexp import links
from lossexp.losses import validation

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")
NOT_PARAMETERS = ("self", "name", "reduction", "dtype")


class Loss(keras.losses.Loss):
    """Base class of every loss in this package.

    `call(y_true, y_pred)` returns one float32 value per example, `[batch]`, from raw outputs, computed
    in float32 whatever the dtype of `y_pred`. Works unchanged in `model.compile(loss=...)`.

    Class attributes a subclass declares:
        tasks: dataset tasks it can train (`"multiclass"`, `"binary"`, `"regression"`).
        labels: the encoding the training step passes as `y_true`: `"sparse"` (`[batch]` class numbers),
            `"onehot"` (`[batch, K]`), `"binary"` (`[batch, 1]` of 0 and 1), `"values"` (`[batch, 1]`).
        link: how raw outputs become probabilities or values; a name of `lossexp.links`.
        head: the model head it needs: `"linear"`, `"cosine"` (normalised features and weights),
            `"ordinal"` (one shared score, K-1 ordered biases), or `"norm"` (linear, and last the L1 norm of
            the features).
        needs_counts: whether `adapt(class_counts)` must be called before training; an instance may set it.
        class_counts: what `adapt` was given, None before.

    `keras.losses.get("lossexp>Focal")` cannot find one: Keras looks names up among its own losses only. Give `compile`
    the object, or take the class from `keras.saving.get_registered_object("lossexp>Focal")`.

    Every constructor parameter is kept as an attribute of the same name; `get_config` collects them from
    the signature, so that no parameter can be lost on save.
    """

    tasks: tuple[str, ...] = ("multiclass", "binary")
    labels: str = "sparse"
    link: str | dict = "softmax"
    head: str = "linear"
    needs_counts: bool = False
    class_counts: list[int] | None = None

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: str | None = None
    ):
        if dtype not in (None, "float32"):
            raise ValueError(
                f"{type(self).__name__}: dtype={dtype!r}; losses compute in float32 whatever the model's "
                "precision (class labels above 256 do not fit bfloat16). Leave dtype out."
            )
        if reduction is not None:
            validation.choice(self, "reduction", reduction, REDUCTIONS)
        super().__init__(name=name, reduction=reduction, dtype="float32")

    def __call__(self, y_true, y_pred, sample_weight=None) -> tf.Tensor:
        mask = getattr(y_pred, "_keras_mask", None)
        if mask is not None:  # which a cast to float32 would lose
            y_pred = tf.cast(y_pred, tf.float32)
            y_pred._keras_mask = mask
        return super().__call__(y_true, y_pred, sample_weight)

    def adapt(self, class_counts: Sequence[int]) -> None:
        """Takes the training split's examples per class, `[K]`. Does nothing unless `needs_counts`.

        A subclass that needs counts extends it. The counts are saved with the loss.
        """
        if self.needs_counts:
            self.class_counts = validation.class_counts(self, class_counts)

    def num_outputs(self, num_classes: int) -> int:
        """Width of the model's head for `num_classes` classes (0 for regression)."""
        link, _ = links.split(self.link)
        if link in ("softmax", "one_vs_rest", "tempered"):
            return num_classes
        if link == "softmax_norm":
            return num_classes + 1
        if link in ("ordinal", "conditional"):
            return num_classes - 1
        return 2 if link == "gaussian" else 1

    def initial_bias(self, class_counts: Sequence[int]) -> float | None:
        """Initial value of the head's bias where the loss asks for one (Lin et al. 2017, section 3.3)."""
        return None

    def on_epoch(self, epoch: int, epochs: int) -> None:
        """Called before each epoch (from 0); schedules set variables here, so nothing is retraced."""

    @property
    def variables(self) -> list[tf.Variable]:
        """State that changes while training, set by schedules or counted: checkpoints keep it."""
        return [value for value in vars(self).values() if isinstance(value, tf.Variable)]

    def get_config(self) -> dict:
        own = [p for p in inspect.signature(type(self).__init__).parameters if p not in NOT_PARAMETERS]
        adapted = {} if self.class_counts is None else {"class_counts": self.class_counts}
        return {**{p: getattr(self, p) for p in own}, **super().get_config(), **adapted}

    @classmethod
    def from_config(cls, config: dict) -> Loss:
        config = dict(config)
        class_counts = config.pop("class_counts", None)
        loss = cls(**config)
        if class_counts is not None:
            loss.adapt(class_counts)
        return loss
