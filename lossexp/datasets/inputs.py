"""What one example is, and what a model does to it before anything else: decided here, done by layers of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.columns import Column, from_matrix
from lossexp.datasets.stored import StoredInputs, chunks

Kind = Literal["image", "table", "series", "tokens", "raw"]
Asked = Literal["auto", "image", "table", "series", "tokens", "raw"]
RANKS = {"image": (3, 4), "table": (2,), "series": (3,), "tokens": (2,)}  # of arrays, with the axis of examples
LAYOUTS = {
    "image": "[n, height, width] or [n, height, width, channels]",
    "table": "[n, features]",
    "series": "[n, steps, features]",
    "tokens": "[n, length]",
}
CHANNELS = (1, 3, 4)  # of grey and colour pictures
FEATURES = ("table", "series")
RESCALING, VALUES = "rescaling", "values"  # names of layers that a model gets in front and at its end
LOST = 1e-4  # of a feature's deviation: what float32 may lose of a value before it is kept in float64


@dataclass(frozen=True)
class Inputs:
    """Plain data, of which `models.preprocessing` makes Keras layers.

    kind: image, table, series, tokens or raw. shape: of one example as the model's own first layer gets it. scale,
    offset: of `x * scale + offset`, one number or one for each feature of the last axis; None where x stays as it is.
    vocabulary: for tokens, one more than the largest id of all splits. dtype: in which the source has them, and so in
    which they are asked for; None is that of the arrays. columns: of a table that has names, and perhaps categories:
    kept for training is their `columns.matrix`, and the saved model takes raw columns.
    """

    kind: Kind
    shape: tuple[int, ...]
    scale: float | tuple[float, ...] | None = None
    offset: float | tuple[float, ...] = 0.0
    vocabulary: int | None = None
    dtype: str | None = None

    columns: tuple[Column, ...] = ()

    def with_columns(self, columns: Sequence[Column]) -> Inputs:
        """The same for a matrix of these columns: categories are not scaled, but become a slot each."""
        scale, offset = self.scale, self.offset
        if scale is not None:
            scale = tuple(s if column.vocabulary is None else 1.0 for s, column in zip(scale, columns, strict=True))
            offset = tuple(o if column.vocabulary is None else 0.0 for o, column in zip(offset, columns, strict=True))
        shape = (sum(column.width for column in columns),)
        return replace(self, shape=shape, scale=scale, offset=offset, columns=tuple(columns))

    def raw(self, x: np.ndarray) -> np.ndarray | dict[str, np.ndarray]:
        """Kept inputs `[n, ...]` as the source has them; by name, `[n, 1]`, for a table that has columns."""
        return from_matrix(self.columns, x) if self.columns else x.astype(self.dtype or x.dtype)

    def describe(self, train: np.ndarray | StoredInputs) -> str:
        """In a few words, with dtype, shape and range of the first training examples."""
        if self.columns:
            categories = sum(column.vocabulary is not None for column in self.columns)
            return f"{self.kind} of {len(self.columns) - categories} columns of numbers, {categories} of categories"
        first = next(iter(chunks(train)))
        words = f"{self.kind} {train.dtype}{list(train.shape[1:])} from {first.min():.4g} to {first.max():.4g}"
        if isinstance(self.scale, tuple):
            return f"{words}, standardised"
        return f"{words}, scaled to [0, 1]" if self.scale else words


def kind_of(x: np.ndarray | StoredInputs, asked: Asked, where: str) -> Kind:
    """What `x` `[n, ...]` holds: what was `asked` for, or, if that is auto, what nothing else could be.

    Raises InputError where the array does not have the layout asked for, or may be one thing as well as another.
    """
    kind = _certain(x, where) if asked == "auto" else asked
    if x.ndim not in RANKS.get(kind, (x.ndim,)):
        raise InputError(f"{where}: dataset.inputs={kind} means {LAYOUTS[kind]}, but inputs have shape {x.shape}.")
    if kind == "tokens" and x.dtype.kind not in "iu":
        raise InputError(f"{where}: dataset.inputs=tokens means integers, but inputs have dtype {x.dtype}.")
    return kind


def _certain(x: np.ndarray | StoredInputs, where: str) -> Kind:
    whole = x.dtype.kind in "iu"
    if x.ndim == 4 and x.shape[1] in CHANNELS and x.shape[3] not in CHANNELS:
        raise InputError(
            f"{where}: inputs of shape {x.shape} look like pictures [n, channels, height, width], and Keras takes "
            "channels last. Store np.moveaxis(x, 1, -1), or set dataset.inputs=image if the last axis has the channels."
        )
    if x.ndim == 4 or (x.ndim == 3 and x.dtype == np.uint8):
        return "image"
    if x.ndim == 2 and not whole:
        return "table"
    meanings = {2: ("tokens", "table"), 3: ("image", "series")}.get(x.ndim)
    if meanings is None:
        return "raw"
    either = " or ".join(f"{kind} ({LAYOUTS[kind]})" for kind in meanings)
    raise InputError(
        f"{where}: inputs of shape {x.shape} and dtype {x.dtype} may be {either}. Say which: dataset.inputs="
        f"{' or dataset.inputs='.join(meanings)}, or dataset.inputs=raw to leave them as they are."
    )


def kept_dtype(x: np.ndarray | StoredInputs, kind: Kind) -> np.dtype:
    """The dtype in which inputs are kept, sent to the device, and given to the model.

    Unsigned images stay what they are, ids become int32, real numbers float32. Features far from 0 in relation to how
    they vary, such as time stamps, are kept in float64, as float32 has no digits for their differences.
    """
    if kind == "tokens":
        return np.dtype(np.int32)
    if x.dtype.kind in {"image": "u", "raw": "iu"}.get(kind, ""):
        return x.dtype
    return np.dtype(np.float64 if kind in FEATURES and _needs_float64(x) else np.float32)


def _needs_float64(x: np.ndarray | StoredInputs) -> bool:
    if x.dtype.kind == "f" and x.dtype.itemsize <= 4:
        return False
    features = np.asarray(x[:10_000], np.float64).reshape(-1, x.shape[-1])
    lost = np.abs(features - features.astype(np.float32)).max(axis=0)
    return bool((lost > LOST * features.std(axis=0)).any())


def describe(train: np.ndarray | StoredInputs, kind: Kind, standardise: bool, largest: int = 0) -> Inputs:
    """What a model does to inputs like those of the training split, `[n, ...]` in their `kept_dtype`.

    Images get a channel axis if they have none, and unsigned numbers become [0, 1]. Tables and series get training
    mean 0 and standard deviation 1 for each feature where `standardise`; a constant one is only shifted. largest: the
    largest id of tokens in any split.
    """
    shape = tuple(train.shape[1:])
    if kind == "image":
        whole = train.dtype.kind == "u"
        shape = shape if len(shape) == 3 else (*shape, 1)
        return Inputs(kind, shape, scale=1.0 / np.iinfo(train.dtype).max if whole else None)
    if kind in FEATURES and standardise:
        mean, deviation = _statistics(train)
        return Inputs(kind, shape, tuple((1.0 / deviation).tolist()), tuple((-mean / deviation).tolist()))
    return Inputs(kind, shape, vocabulary=largest + 1 if kind == "tokens" else None)


def _statistics(x: np.ndarray | StoredInputs) -> Sequence[np.ndarray]:
    """Mean and standard deviation of each feature of the last axis, 1 for a constant one, in float64."""
    from sklearn.preprocessing import StandardScaler  # a second to import, which errors need not wait for

    scaler = StandardScaler()
    for part in chunks(x):
        scaler.partial_fit(part.astype(np.float64).reshape(-1, x.shape[-1]))
    return scaler.mean_, scaler.scale_


def largest_token(x: np.ndarray | StoredInputs, where: str) -> int:
    """The largest id. Raises InputError for one below 0, or that int32 does not hold."""
    least, largest = np.inf, -np.inf
    for part in chunks(x):
        least, largest = min(least, part.min()), max(largest, part.max())
    if least < 0 or largest > np.iinfo(np.int32).max:
        wrong = least if least < 0 else largest
        raise InputError(f"{where}: token ids go from 0 to 2147483647, and one is {wrong}. Number them from 0.")
    return int(largest)
