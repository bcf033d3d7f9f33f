"""Cuts one set of examples in two, by seed, with the same class proportions on both sides."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split

from lossexp.errors import InputError
from lossexp.seeds import derive


def cut(
    y: np.ndarray, fraction: float, seed: int, part: str, stratify: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rest and of the part that `fraction` of the examples makes, both ascending.

    y: `[n]` labels or values. part: `"validation"` or `"test"`; names the random stream
    `split/<part>` and the setting in messages. stratify: keep the class proportions (classification).
    Raises InputError where `fraction` is not between 0 and 1, or a class is too small to be divided.
    """
    setting = f"dataset.{part}_fraction"
    if not 0 < fraction < 1:
        raise InputError(
            f"{setting}={fraction} leaves a split empty. Give a fraction between 0 and 1, such as 0.1."
        )
    return _divide(y, seed, part, stratify, f"{setting}={fraction}", test_size=fraction)


def take(y: np.ndarray, limit: int | None, seed: int, stratify: bool) -> np.ndarray:
    """Positions of at most `limit` training examples, ascending; all of them for None.

    The stream `split/limit` is its own, so the limit never moves the validation and test splits.
    """
    if limit is None or limit >= len(y):
        return np.arange(len(y))
    if limit < 1:
        raise InputError(
            f"dataset.limit={limit} leaves no training examples. Give a number from 1 up, or null for all."
        )
    kept, _ = _divide(y, seed, "limit", stratify, f"dataset.limit={limit}", train_size=limit)
    return kept


def _divide(y, seed, part, stratify, setting, **sizes) -> tuple[np.ndarray, np.ndarray]:
    try:
        first, second = train_test_split(
            np.arange(len(y)),
            **sizes,
            random_state=derive(seed, f"split/{part}"),
            stratify=y if stratify else None,
        )
    except ValueError as error:
        raise InputError(
            f"{setting} cannot divide {len(y)} examples{' by class' if stratify else ''}: {error} "
            "Each class needs at least one example on either side; change the setting or add data."
        ) from error
    return np.sort(first), np.sort(second)
