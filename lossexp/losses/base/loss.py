"""The loss contract: a `keras.losses.Loss` that says what it needs of data, head and schedule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import keras
import tensorflow as tf

from lossexp.base import links
from lossexp.base.variables import variables_of
from lossexp.losses.base import arguments
from lossexp.losses.base.parameters import Declared


class Loss(Declared, keras.losses.Loss):
    """Base class of every loss in this package.

    `call(y_true, y_pred)` returns one float32 value per example, `[batch]`, from raw outputs, computed
    in float32 whatever the dtype of `y_pred`. Works unchanged in `model.compile(loss=...)`.

    >>> from lossexp.losses import Focal
    >>> loss = Focal(gamma=1.0)
    >>> loss.call([0, 1], [[2.0, 0.0], [2.0, 0.0]]).numpy().round(3)
    array([0.015, 1.873], dtype=float32)
    >>> loss.tasks  # what it can train
    ('multiclass', 'binary', 'ordinal', 'segmentation')
    >>> loss.labels, loss.num_outputs(10)  # which labels, and how wide a head
    ('sparse', 10)
    >>> Focal.from_config(loss.get_config()).gamma
    1.0
    >>> Focal(gamma=-1.0)
    Traceback (most recent call last):
    lossexp.base.errors.InputError: Focal.gamma=-1.0: give a number in [0, inf).

    Class attributes a subclass declares:
        tasks: dataset tasks it can train (`lossexp.datasets.dataset.Task`).
        labels: the encoding the training step passes as `y_true`: `"sparse"` (`[batch]` class numbers),
            `"onehot"` (`[batch, K]`), `"binary"` (`[batch, 1]` of 0 and 1), `"values"` (`[batch, D]`). For
            `"segmentation"` there is one for each pixel, `[batch, H, W]` or `[batch, H, W, K]`; for `"multilabel"`
            they are 0 and 1, `[batch, L]`, whatever this says.
        link: how raw outputs become probabilities or values; a name of `lossexp.base.links`. For `"multilabel"` it
            is that of `links.for_task`.
        head: the model head it needs: `"linear"`, `"cosine"` (normalised features and weights),
            `"ordinal"` (one shared score, K-1 ordered biases), or `"norm"` (linear, and last the L1 norm of
            the features).
        needs_counts: whether `adapt(class_counts)` must be called before training; an instance may set it.
        class_counts: what `adapt` was given, None before.

    `keras.losses.get("lossexp>Focal")` cannot find one: Keras looks names up among its own losses only. Give `compile`
    the object, or take the class from `keras.saving.get_registered_object("lossexp>Focal")`.

    Parameters are declared as fields, see `Declared`; `get_config` saves them, and the class counts beside.

    Args:
        reduction, name: as for every Keras loss; a name becomes one that TensorFlow can use (`my loss`: `my_loss`).
        dtype: float32 is all there is, as class numbers above 256 do not fit bfloat16. Leave it out.

    Raises:
        InputError: a parameter is out of its range: a ValueError that names it, its value and what it may be.
    """

    tasks: ClassVar[tuple[str, ...]] = ("multiclass", "binary", "ordinal")
    labels: ClassVar[str] = "sparse"
    link: ClassVar[str | dict] = "softmax"
    head: ClassVar[str] = "linear"
    needs_counts: ClassVar[bool] = False
    class_counts = None  # not declared, so that beside another base it does not hide the parameter of `CountsLoss`

    reduction: Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"] | None = (
        "sum_over_batch_size"
    )
    name: str | None = None
    dtype: Literal["float32"] | None = None

    def __post_init__(self):
        self.dtype = getattr(self.dtype, "name", self.dtype)  # of a policy, or a dtype of TensorFlow
        super().__post_init__()
        super().__init__(name=_scope(self.name), reduction=self.reduction, dtype="float32")
        self.dtype = "float32"

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
            self.class_counts = arguments.class_counts(self, class_counts)

    def num_outputs(self, num_classes: int) -> int:
        """Width of the model's head for `num_classes` classes (0 for regression)."""
        return links.named(self.link).width(num_classes)

    def initial_bias(self, class_counts: Sequence[int]) -> float | None:
        """Initial value of the head's bias where the loss asks for one (Lin et al. 2017, section 3.3)."""
        return None

    def on_epoch(self, epoch: int, epochs: int) -> None:
        """Called before each epoch (from 0); schedules set variables here, so nothing is retraced."""

    @property
    def variables(self) -> list[tf.Variable]:
        """State that changes while training, wherever it hangs, set by schedules or counted: checkpoints keep it."""
        return variables_of(self)

    def get_config(self) -> dict:
        adapted = {} if self.class_counts is None else {"class_counts": self.class_counts}
        return {**{name: value for name, value in self.parameters().items() if name != "dtype"}, **adapted}

    @classmethod
    def from_config(cls, config: dict) -> Loss:
        config = {name: _parts(value) for name, value in config.items()}
        class_counts = config.pop("class_counts", None)
        loss = cls(**config)
        if class_counts is not None:
            loss.adapt(class_counts)
        return loss


def _scope(name: str | None) -> str | None:
    """The name without what no name scope may have, as the brackets of `<lambda>`; None where nothing is left."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name or "").strip("_-") or None


def _parts(value: Any) -> Any:
    """A value of a saved config, with the objects that Keras has serialized in it, such as other losses."""
    if isinstance(value, list):
        return [_parts(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value:
        return keras.saving.deserialize_keras_object(value)
    return {key: _parts(entry) for key, entry in value.items()}


register = keras.saving.register_keras_serializable("lossexp")
