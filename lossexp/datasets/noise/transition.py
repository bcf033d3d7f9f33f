"""A matrix of label noise as a user gives it: nested lists, a file, or where each class moves to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lossexp.base.errors import InputError, did_you_mean
from lossexp.base.wording import shown


def as_matrix(given: Any, names: Sequence[str], setting: str) -> np.ndarray:
    """`[K, K]` float64, `T_ky = P(label y | true class k)`.

    given: K rows of K numbers; the path of a `.npy` or `.csv` file of them; or a mapping of classes to a mapping of
    classes to probabilities, where what is left of a row stays. names: of the K classes. Raises InputError that names
    the `setting` where it is no such matrix, or has another K.
    """
    if isinstance(given, Mapping):
        matrix = _moves(given, names, setting)
    else:
        matrix = _read(Path(given), setting) if isinstance(given, str | Path) else np.array(given, np.float64)
    said, k = f"{setting}={shown(given)}", len(names)
    if matrix.shape != (k, k):
        raise InputError(
            f"{said}: its shape is {list(matrix.shape)}, and there are {k} classes. Give {k} rows of {k} "
            "probabilities, in row k those of each label for an example of class k."
        )
    for name, row in zip(names, matrix, strict=True):
        if not (row >= 0).all() or not abs(row.sum() - 1) < 1e-6:
            raise InputError(
                f"{said}: the row of class {name} is {shown(row.tolist())}, which sums to {row.sum():g}. Give each "
                "class numbers in [0, 1] that sum to 1."
            )
    return matrix


def spread(wrong: np.ndarray) -> np.ndarray:
    """The matrix `[K, K]` by which labels of class k are wrong with probability `wrong[k]`, any other class alike."""
    k = len(wrong)
    return np.where(np.eye(k, dtype=bool), 1 - wrong[:, np.newaxis], wrong[:, np.newaxis] / (k - 1))


def _moves(moves: Mapping, names: Sequence[str], setting: str) -> np.ndarray:
    matrix = np.eye(len(names))
    for old, row in moves.items():
        for new, probability in row.items():
            k = class_number(old, names, setting)
            matrix[k, k] -= probability
            matrix[k, class_number(new, names, setting)] += probability
    return matrix


def class_number(given: int | str, names: Sequence[str], setting: str) -> int:
    """Of a class by its name, or by its number from 0 where none is called so. Raises InputError for neither."""
    if str(given) in names:
        return list(names).index(str(given))
    if isinstance(given, int) and 0 <= given < len(names):
        return given
    meant, known = did_you_mean(str(given), names), shown(list(names))
    raise InputError(f"{setting}: {given!r} is no class of this dataset. {meant}The classes are {known}.")


def _read(file: Path, setting: str) -> np.ndarray:
    try:
        path = file.expanduser()
        found = np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.loadtxt(path, delimiter=",")
        return np.asarray(found, np.float64)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{setting}={file} cannot be read: {str(error).rstrip('.')}. Give a .npy file, or a .csv file of numbers "
            "without a first line of names."
        ) from error
