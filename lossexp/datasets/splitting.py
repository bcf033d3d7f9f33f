"""Cuts one set of examples in two, by seed, with the same class proportions on both sides."""

from __future__ import annotations

import numpy as np

from lossexp.base.errors import InputError
from lossexp.base.seeds import derive


def cut(y: np.ndarray, fraction: float, seed: int, part: str, stratify: bool) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rest and of the part that `fraction` of the examples makes, both ascending.

    y: `[n]` labels or values. part: `"validation"` or `"test"`; it names the random stream
    `split/<part>` and the setting in messages. stratify: whether class proportions are kept (for classification).
    Raises InputError where `fraction` is not between 0 and 1, or a class is too small to be divided.
    """
    setting = f"dataset.{part}_fraction={fraction}"
    if not 0 < fraction < 1:
        raise InputError(f"{setting} leaves a split empty. Give a fraction between 0 and 1, such as 0.1.")
    _check_divisible(y, setting, stratify)
    from sklearn.model_selection import train_test_split  # a second to import, which errors need not wait for

    try:
        rest, chosen = train_test_split(
            np.arange(len(y)),
            test_size=fraction,
            random_state=derive(seed, f"split/{part}"),
            stratify=y if stratify else None,
        )
    except ValueError as error:
        raise InputError(
            f"{setting} cannot divide {len(y)} examples{' by class' if stratify else ''}: {error} "
            "Each class needs at least one example on either side; change the setting or add data."
        ) from error
    return np.sort(rest), np.sort(chosen)


def _check_divisible(y: np.ndarray, setting: str, stratify: bool) -> None:
    counts = np.unique(y, return_counts=True)[1] if stratify else np.array([len(y)])
    if counts.min() < 2:
        alone = f"{(counts < 2).sum()} of {len(counts)} classes have 1 example" if stratify else "there is only one"
        raise InputError(
            f"{setting} cannot divide {len(y)} examples{' by class' if stratify else ''}: {alone}, and each class "
            "needs one on either side. Add examples, leave these out, or set dataset.task=regression."
        )


def take(y: np.ndarray, limit: int | None, seed: int, stratify: bool) -> np.ndarray:
    """Positions of at most `limit` training examples, ascending; of all where it is None.

    The stream `split/limit` is its own, so the limit never moves the validation and test splits.
    Raises InputError where no example, or none of some class, would be left.
    """
    from sklearn.utils import resample

    positions = np.arange(len(y))
    if limit is None or limit >= len(y):
        return positions
    classes = len(np.unique(y)) if stratify else 1
    if limit >= classes:
        random_state = derive(seed, "split/limit")
        kept = resample(
            positions,
            replace=False,
            n_samples=limit,
            random_state=random_state,
            stratify=y if stratify else None,
        )
        if not stratify or len(np.unique(y[kept])) == classes:
            return np.sort(kept)
    raise InputError(
        f"dataset.limit={limit} leaves no training examples{' of some class' if stratify else ''}. "
        "Give a larger number, or null for all."
    )
