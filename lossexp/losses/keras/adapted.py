"""Keras's own losses, and any other class or callable, under this package's contract."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Literal

import keras
import tensorflow as tf

from lossexp.base import links
from lossexp.base.checks import checked, described
from lossexp.losses.base.class_loss import leave_out
from lossexp.losses.base.loss import Loss, register
from lossexp.losses.keras.facts import LINKS, Facts, facts_of
from lossexp.losses.keras.forms import labels_for, outputs_for, per_example
from lossexp.losses.keras.wrapped import arguments_of, check_is_loss, check_returned, name_of, unwrapped
from lossexp.losses.numerics import masked


@register
class Adapted(Loss):
    """A Keras loss, or any callable `f(y_true, y_pred)`, as a `Loss`.

    The wrapped loss sees float32 outputs in the form it was written for, labels in the encoding it was
    written for (int32 for class numbers), and both of matching shapes, so that nothing broadcasts. It should
    return one value per example, `[batch]`, or `[batch, ...]`, which is averaged over the further axes. One number for
    the whole batch, as of many published Dice losses, is taken as the value of each of its examples: it depends on
    who else is in the batch, and sample weights scale it, but do not weight what it is made of.
    A logit of -inf reaches it as -1e20 (0 in embeddings), and a value above 1e10 that comes of it is +inf.

    Args:
        fn: a `keras.losses.Loss` (its `call` is used, not its reduction), or a callable. A
            `functools.partial` fixes further arguments.
        tasks: tasks it can train, see `Loss`.
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
        ValueError: an argument is missing or unknown; shapes do not match.
    """

    fn: Callable = field(kw_only=False)
    tasks: (
        Literal["auto", "multiclass", "binary", "ordinal", "multilabel", "segmentation", "regression"]
        | list[Literal["multiclass", "binary", "ordinal", "multilabel", "segmentation", "regression"]]
    ) = "auto"
    labels: Literal["auto", "sparse", "onehot", "binary", "values"] = "auto"
    on: Literal["auto", "logits", "probabilities", "values", "positive", "embeddings", "frames"] = "auto"
    link: (
        Literal["auto", "softmax", "softmax_norm", "tempered", "sigmoid", "one_vs_rest", "labels"]
        | Literal["ordinal", "conditional"]
        | Literal["identity", "softplus", "exp", "gaussian"]
        | dict
    ) = "auto"

    def __post_init__(self):
        self.name = self.name or name_of(self.fn)
        super().__post_init__()
        check_is_loss(self.fn, self.name)
        facts = self._known_or_given(self.labels, self.on)
        self.on, self.labels = facts.on, facts.labels
        self.link = facts.link if self.link == "auto" else self.link
        if isinstance(self.link, Mapping):
            checked(f"{type(self).__name__}.link.name", self.link.get("name"), Literal[links.NAMES])
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
        targets = labels_for(self.labels, self.on, self.link, y_true, outputs)
        compute = self.fn.call if isinstance(self.fn, keras.losses.Loss) else self.fn
        returned = compute(targets, outputs_for(self.on, self.link, outputs))
        check_returned(returned, self.fn, self.name)
        values = tf.convert_to_tensor(returned)
        counted, values = masked.kept(values), per_example(self.name, values, outputs)
        return leave_out(masked.limit(values, outputs) if of_classes else values, counted)

    def get_config(self) -> dict:
        function, arguments = unwrapped(self.fn)
        config = keras.saving.serialize_keras_object(function)
        if isinstance(function, keras.losses.Loss):
            config["config"] = {**arguments_of(function), **config["config"]}
        own = {"name": self.name, "tasks": list(self.tasks), "fn": config, "arguments": arguments}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict) -> Adapted:
        config = dict(config)
        fn, arguments = config.pop("fn"), config.pop("arguments", {})
        fn = keras.saving.deserialize_keras_object(fn) if isinstance(fn, dict) else fn
        return super().from_config({**config, "fn": functools.partial(fn, **arguments) if arguments else fn})

    def _known_or_given(self, labels: str, on: str) -> Facts:
        """Facts about `fn`, with what the user says instead of what is known."""
        function, arguments = unwrapped(self.fn)
        known = facts_of(function, {**arguments_of(function), **arguments})
        on = known.on if known and on == "auto" else on
        labels = known.labels if known and labels == "auto" else labels
        if labels == "auto" and on in ("values", "positive"):
            labels = "values"
        if "auto" in (on, labels):
            choices = {f.name: described(f.type).replace("auto, ", "") for f in fields(Adapted)}
            raise ValueError(
                f"{self.name} is not one of Keras's losses, so say what it works on: loss.on={choices['on']}, and "
                f"loss.labels={choices['labels']} (given: on={on}, labels={labels})."
            )
        link = "softplus" if on == "positive" else LINKS.get(labels, "identity")
        if known and labels == known.labels:
            return known._replace(on=on, link="softplus" if on == "positive" else known.link)
        return Facts(labels, on, link)


def as_loss(loss: keras.losses.Loss | Callable) -> Loss:
    """Any loss as a `Loss`: ours unchanged, a plain Keras loss adapted with its own reduction and name.

    >>> loss = as_loss(keras.losses.SparseCategoricalCrossentropy())
    >>> loss.on, loss.labels, loss.num_outputs(10)  # a model returns logits; this loss was written for probabilities
    ('probabilities', 'sparse', 10)
    >>> loss([1, 0], [[0.0, 2.0], [0.0, 2.0]]).numpy().round(3)
    np.float32(1.127)

    Raises ValueError where `Adapted` needs to be told what the loss works on.
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, keras.losses.Loss):
        return Adapted(loss, reduction=loss.reduction, name=loss.name)
    return Adapted(loss)
