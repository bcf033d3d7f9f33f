"""Keras's own losses, and any other class or callable, under this package's contract."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Literal

import keras
import tensorflow as tf

from lossexp.base import links
from lossexp.base.checks import checked, described
from lossexp.base.errors import InputError
from lossexp.losses.base.class_loss import leave_out
from lossexp.losses.base.loss import Loss, register
from lossexp.losses.base.targets import class_numbers, matched, multiclass_targets, of_shape
from lossexp.losses.keras.facts import LINKS, Facts, facts_of
from lossexp.losses.numerics import masked

BLANK = -1e9  # logit of the blank symbol, low enough to have probability 0


@register
class Adapted(Loss):
    """A Keras loss, or any callable `f(y_true, y_pred)`, as a `Loss`.

    The wrapped loss sees float32 outputs in the form it was written for, labels in the encoding it was
    written for (int32 for class numbers), and both of matching shapes, so that nothing broadcasts. It must
    return one value per example, `[batch]`, or `[batch, ...]`, which is averaged over the further axes.
    A logit of -inf reaches it as -1e20 (0 in embeddings), and a value above 1e10 that comes of it is +inf.

    Args:
        fn: a `keras.losses.Loss` (its `call` is used, not its reduction), or a callable. A
            `functools.partial` fixes further arguments.
        tasks: tasks it can train, of `"multiclass"`, `"binary"`, `"regression"`.
        labels: `"sparse"`, `"onehot"`, `"binary"` or `"values"`, see `Loss`.
        on: what `fn` gets as `y_pred`, made from the model's raw outputs:
            `"logits"`, `"values"`: the outputs themselves.
            `"probabilities"`: softmax or sigmoid of them, as `link` says. Prefer `"logits"` where `fn` can
            take them: probabilities have lost the digits that large logits need.
            `"positive"`: softplus of them, for losses that take a logarithm of the prediction.
            `"embeddings"`: outputs scaled to length 1.
            `"frames"`: `[batch, 1, K + 1]`, one frame after a blank column, with labels 1 to K, `[batch, 1]`.
            CTC of that is the cross-entropy of the K outputs.
        link: see `Loss`.
        reduction, name: as for every Keras loss.

    `"auto"` stands for what is known of Keras's own losses and their subclasses; for anything else `on`
    must be given, and `labels` unless `on` is `"values"` or `"positive"`. The rest follows from these two.

    Raises:
        ValueError: an argument is missing or unknown; shapes do not match; `fn` returns a scalar.
    """

    fn: Callable = field(kw_only=False)
    tasks: (
        Literal["auto", "multiclass", "binary", "regression"] | list[Literal["multiclass", "binary", "regression"]]
    ) = "auto"
    labels: Literal["auto", "sparse", "onehot", "binary", "values"] = "auto"
    on: Literal["auto", "logits", "probabilities", "values", "positive", "embeddings", "frames"] = "auto"
    link: Literal["auto", *links.CLASS_LINKS] | Literal[links.VALUE_LINKS] | dict = "auto"

    def __post_init__(self):
        self.name = self.name or _name(self.fn)
        super().__post_init__()
        _check_called(self.fn)
        facts = self._known_or_given(self.labels, self.on)
        self.on, self.labels = facts.on, facts.labels
        self.link = facts.link if self.link == "auto" else self.link
        if isinstance(self.link, Mapping):
            names = Literal[links.CLASS_LINKS + links.VALUE_LINKS]
            checked(f"{type(self).__name__}.link.name", self.link.get("name"), names)
            links.named(self.link)  # its parameters
        if self.on == "probabilities" and self.link not in ("softmax", "sigmoid"):
            raise ValueError(
                f"{self.name}: on=probabilities makes softmax or sigmoid probabilities, not what "
                f"labels={self.labels} and link={self.link} are for. Give labels=onehot, sparse or binary."
            )
        tasks = [self.tasks] if isinstance(self.tasks, str) else self.tasks
        self.tasks = facts.tasks if tasks == ["auto"] else tuple(tasks)

    def call(self, y_true, y_pred) -> tf.Tensor:
        of_classes = links.named(self.link).of_classes
        outputs = masked.finite(y_pred) if of_classes else tf.cast(y_pred, tf.float32)
        if outputs.shape.rank == 1:
            outputs = outputs[:, tf.newaxis]
        targets = self._targets(y_true, outputs)
        if self.on == "frames":
            targets = targets[:, tf.newaxis] + 1
        compute = self.fn.call if isinstance(self.fn, keras.losses.Loss) else self.fn
        values = tf.convert_to_tensor(compute(targets, self._form(outputs)))
        counted, values = masked.kept(values), self._per_example(values, outputs)
        return leave_out(masked.limit(values, outputs) if of_classes else values, counted)

    def get_config(self) -> dict:
        function, arguments = _unwrapped(self.fn)
        config = keras.saving.serialize_keras_object(function)
        if isinstance(function, keras.losses.Loss):
            config["config"] = {**_arguments(function), **config["config"]}
        return {
            **super().get_config(),
            "name": self.name,
            "tasks": list(self.tasks),
            "fn": config,
            "arguments": arguments,
        }

    @classmethod
    def from_config(cls, config: dict) -> Adapted:
        config = dict(config)
        fn, arguments = config.pop("fn"), config.pop("arguments", {})
        fn = keras.saving.deserialize_keras_object(fn) if isinstance(fn, dict) else fn
        return super().from_config({**config, "fn": functools.partial(fn, **arguments) if arguments else fn})

    def _known_or_given(self, labels: str, on: str) -> Facts:
        """Facts about `fn`, with what the user says instead of what is known."""
        function, arguments = _unwrapped(self.fn)
        if inspect.isclass(function):
            raise ValueError(f"{self.name}: fn is the class {function.__name__}; give an instance of it.")
        if not callable(function):
            raise ValueError(f"fn={function!r} is no loss. Give a keras.losses.Loss or a function f(y_true, y_pred).")
        known = facts_of(function, {**_arguments(function), **arguments})
        on = known.on if known and on == "auto" else on
        labels = known.labels if known and labels == "auto" else labels
        if labels == "auto" and on in ("values", "positive"):
            labels = "values"
        if "auto" in (on, labels):
            choices = {f.name: described(f.type).removeprefix("auto or ") for f in fields(Adapted)}
            raise ValueError(
                f"{self.name} is not one of Keras's losses, so say what it works on: on={choices['on']}, and "
                f"labels={choices['labels']} (given: on={on}, labels={labels})."
            )
        link = "softplus" if on == "positive" else LINKS.get(labels, "identity")
        if known and labels == known.labels:
            return known._replace(on=on, link="softplus" if on == "positive" else known.link)
        return Facts(labels, on, link)

    def _targets(self, y_true, outputs: tf.Tensor) -> tf.Tensor:
        if self.labels == "sparse":
            return tf.cast(class_numbers(y_true, outputs), tf.int32)
        if self.labels == "onehot":
            return multiclass_targets(y_true, outputs)[0]
        if self.link == "gaussian":  # two outputs for one value
            outputs = outputs[..., :1]
        return matched(y_true, outputs)

    def _form(self, outputs: tf.Tensor) -> tf.Tensor:
        if self.on == "probabilities":
            return tf.nn.sigmoid(outputs) if self.link == "sigmoid" else tf.nn.softmax(outputs)
        if self.on == "positive":
            return tf.nn.softplus(outputs)
        if self.on == "embeddings":
            return tf.math.l2_normalize(tf.where(masked.is_masked(outputs), 0.0, outputs), axis=-1)
        if self.on == "frames":
            blank = tf.fill([tf.shape(outputs)[0], 1], BLANK)
            return tf.concat([blank, outputs], axis=-1)[:, tf.newaxis]
        return outputs

    def _per_example(self, values: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        if values.shape.rank == 0:
            raise ValueError(
                f"{self.name} returned one number for the whole batch. Return one per example, [batch], "
                "say by averaging over axis=-1 only: sample weights and reductions need them. (Keras's Dice "
                "and Tversky do so with axis=[1].)"
            )
        if not values.shape[:1].is_compatible_with(outputs.shape[:1]):
            raise ValueError(f"{self.name} returned values {values.shape} for outputs {outputs.shape}.")
        if values.shape.rank > 1:
            values = tf.reduce_mean(values, axis=list(range(1, values.shape.rank)))
        return of_shape(tf.cast(values, tf.float32), outputs, axes=1)


def as_loss(loss: keras.losses.Loss | Callable) -> Loss:
    """Any loss as a `Loss`: ours unchanged, a plain Keras loss adapted with its own reduction and name.

    Raises ValueError where `Adapted` needs to be told what the loss works on.
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, keras.losses.Loss):
        return Adapted(loss, reduction=loss.reduction, name=loss.name)
    return Adapted(loss)


def _unwrapped(fn: Callable) -> tuple[Callable, dict]:
    """The function inside a `functools.partial`, and the keyword arguments it fixes."""
    if not isinstance(fn, functools.partial):
        return fn, {}
    if fn.args:
        raise ValueError("a partial loss function must fix its arguments by keyword.")
    return fn.func, dict(fn.keywords)


def _check_called(fn: Callable) -> None:
    """Raises InputError for a Keras loss whose `__call__` is the user's own, since only `call` is used."""
    if not isinstance(fn, keras.losses.Loss) or type(fn).__call__.__module__.startswith(("keras.", "lossexp.")):
        return
    raise InputError(
        f"fn={type(fn).__name__} has its own __call__, which would not be used: values per example come from `call`. "
        "Put what it does there, or derive the class from lossexp.losses.Loss, which is called as it is."
    )


def _arguments(fn: Callable) -> dict:
    """Constructor arguments of a Keras loss; its own get_config forgets some (Huber's delta, Keras 3.15)."""
    kept = getattr(fn, "_fn_kwargs", {})
    return {k: v for k, v in kept.items() if k in inspect.signature(type(fn).__init__).parameters}


def _name(fn: Callable) -> str:
    function, _ = _unwrapped(fn)
    name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
    return name.strip("<>")  # "<lambda>" cannot name a scope of TensorFlow's
