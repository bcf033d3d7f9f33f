"""The loss contract: a `keras.losses.Loss` that says what it needs of data, head and schedule."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Literal

import keras
import tensorflow as tf

from lossexp import links
from lossexp.checks import checked
from lossexp.losses import validation


@typing.dataclass_transform(kw_only_default=True, eq_default=False)
@dataclass(kw_only=True, eq=False, repr=False)
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

    Parameters are the fields that a class declares with what they may be (`lossexp.checks`), as in
    `gamma: NonNegative = 2.0`. Every subclass is made a dataclass of keyword-only fields: the constructor, the
    checks and `get_config` follow from them. Fields are inherited; `gamma = 3.0` changes a default, and
    `gamma: ClassVar[float] = 3.0` makes it no parameter. What depends on several parameters goes into
    `__post_init__`, after `super().__post_init__()`. A subclass may also write an `__init__` of its own.

    Args:
        reduction, name: as for every Keras loss.
        dtype: float32 is all there is, as class numbers above 256 do not fit bfloat16. Leave it out.

    Raises:
        InputError: a ValueError that names the parameter, its value and what it may be.
    """

    tasks: ClassVar[tuple[str, ...]] = ("multiclass", "binary")
    labels: ClassVar[str] = "sparse"
    link: ClassVar[str | dict] = "softmax"
    head: ClassVar[str] = "linear"
    needs_counts: ClassVar[bool] = False
    class_counts: ClassVar[list[int] | None] = None

    reduction: Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"] | None = (
        "sum_over_batch_size"
    )
    name: str | None = None
    dtype: Literal["float32"] | None = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        own = vars(cls).get("__annotations__", {})
        inherited = {f.name: f.type for base in cls.__mro__[:0:-1] if is_dataclass(base) for f in fields(base)}
        try:  # hints are read where they are written, since a subclass's module may not know their names
            hints = typing.get_type_hints(cls, include_extras=True)
        except NameError:
            hints = own
        defaults = {name: hint for name, hint in inherited.items() if name in vars(cls)}
        cls.__annotations__ = defaults | {name: hints[name] for name in own}
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    def __new__(cls, *args, **kwargs):
        loss = super().__new__(cls)
        loss._given = args, kwargs
        return loss

    def __post_init__(self):
        self.dtype = getattr(self.dtype, "name", self.dtype)  # of a policy, or a dtype of TensorFlow
        for field in fields(self):
            if field.name in vars(self):
                value = validation.plain(vars(self)[field.name])
                setattr(self, field.name, checked(f"{type(self).__name__}.{field.name}", value, field.type))
        super().__init__(name=self.name, reduction=self.reduction, dtype="float32")
        self.dtype = "float32"

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
        """Every parameter's value: what the attribute of its name holds, or else what the constructor got.

        What a constructor of the form `__init__(self, ..., **kwargs)` was not given is left out, since it may fix it.
        """
        args, kwargs = self._given
        bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        bound.apply_defaults()
        given: dict[str, Any] = {}
        for parameter in list(bound.signature.parameters.values())[1:]:
            value = bound.arguments[parameter.name]
            if parameter.kind is not parameter.VAR_POSITIONAL:
                given |= value if parameter.kind is parameter.VAR_KEYWORD else {parameter.name: value}
        given.pop("dtype", None)
        adapted = {} if self.class_counts is None else {"class_counts": self.class_counts}
        return {**{name: vars(self).get(name, value) for name, value in given.items()}, **adapted}

    @classmethod
    def from_config(cls, config: dict) -> Loss:
        parts = keras.saving.deserialize_keras_object
        config = {name: parts(value) if isinstance(value, dict) else value for name, value in config.items()}
        class_counts = config.pop("class_counts", None)
        loss = cls(**config)
        if class_counts is not None:
            loss.adapt(class_counts)
        return loss


register = keras.saving.register_keras_serializable("lossexp")
