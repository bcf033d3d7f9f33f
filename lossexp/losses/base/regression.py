"""The base of regression losses: values `[batch, n]` in, one float32 per example out."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf

from lossexp.base import links
from lossexp.base.variables import untouched
from lossexp.losses.base.loss import Loss
from lossexp.losses.base.shapes import of_shape

ALLOWED = {"nonnegative": "not below 0", "positive": "above 0"}


class ValueLoss(Loss):
    """A regression loss; a subclass implements `formula(y, m)` for true values y and outputs m.

    `call` takes `y_true` and `y_pred` `[batch, n]`, or both `[batch]`, and returns the mean over the last axis,
    `[batch]` float32. Values are real unless `domain` says otherwise.

    Class attribute `domain` names the targets for which the formula is defined: `"real"`,
    `"nonnegative"` or `"positive"`. Other targets give NaN or infinity, as in every library: `check_domain`
    finds them before training.
    """

    tasks = ("regression",)
    labels = "values"
    link = "identity"
    domain: ClassVar[str] = "real"

    def formula(self, y: tf.Tensor, m: tf.Tensor) -> tf.Tensor:
        """Values `[batch, n]` for true values y and outputs m, both `[batch, n]` float32."""
        raise NotImplementedError

    def call(self, y_true, y_pred) -> tf.Tensor:
        return tf.reduce_mean(self.formula(*pair(y_true, y_pred)), axis=-1)


def check_domain(loss: Loss, y) -> None:
    """Raises ValueError for targets `y`, an array `[n]` or `[n, ...]`, outside the loss's `domain`.

    Names the loss, the first such target as it is in `y`, how many there are, and what would work. A loss
    without a domain takes all targets. Targets that are NaN lie outside every domain but `"real"`.
    """
    domain = getattr(loss, "domain", "real")
    if domain == "real":
        return
    y = np.asarray(y)
    wrong = y[~(y > 0.0 if domain == "positive" else y >= 0.0)]
    if not wrong.size:
        return
    others = "loss=mse, loss=huber or loss=log_cosh take any"
    if domain == "positive" and not (wrong != 0.0).any():
        others = "loss=poisson and loss=tweedie take zeros, " + others
    raise ValueError(
        f"loss={loss.name} is for targets {ALLOWED[domain]}, but {wrong.size} of {y.size} are not, the first "
        f"being {wrong[0]:g}. Shift or leave out such examples, or take another loss: {others}."
    )


def is_shift_invariant(loss: Loss) -> bool:
    """Whether `loss(y + c, m + c)` is `loss(y, m)`, so that targets may be shifted without changing what is learned.

    It is tried on numbers of both signs: losses of counts, of relative errors, or of positive outputs are not.
    """
    link = links.named(loss.link)
    if link.of_classes or link.positive:
        return False
    rng = np.random.default_rng(0)
    y, m = rng.normal(0.0, 2.0, (2, 64))
    with untouched(loss):
        here, up, down = (
            np.asarray(loss.call(np.float32(y + c)[:, np.newaxis], np.float32(link.at_values(m + c))))
            for c in (0.0, 8.0, -8.0)
        )
    return np.allclose(here, up, 1e-3, 1e-4) and np.allclose(here, down, 1e-3, 1e-4)


def pair(y_true, y_pred) -> tuple[tf.Tensor, tf.Tensor]:
    """`(y_true, y_pred)` in float32 and of one rank, at least 2: `[batch]` becomes `[batch, 1]`.

    Without this, `[batch]` minus `[batch, 1]` would broadcast to `[batch, batch]` silently. Shapes that differ
    otherwise raise, as in `of_shape`.
    """
    y_true, y_pred = (_column(tf.cast(y, tf.float32)) for y in (y_true, y_pred))
    return of_shape(y_true, y_pred), y_pred


def _column(y: tf.Tensor) -> tf.Tensor:
    return y[:, tf.newaxis] if y.shape.rank == 1 else y
