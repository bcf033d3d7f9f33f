"""Columns of a table: numbers, or categories that have a vocabulary; as a matrix for training, and raw for a model.

A raw row is a dict of columns `[n, 1]`: float64 numbers, texts, or int64 categories. `models.preprocessing` has the
layers that do what `matrix` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lossexp.base.errors import InputError

Dtype = Literal["float64", "string", "int64"]
# In a raw column of categories: a missing value, and what stands for any category that training lacks.
MISSING = {"string": "", "int64": int(np.iinfo(np.int64).min)}
UNKNOWN = {"string": "[UNK]", "int64": int(np.iinfo(np.int64).max)}


@dataclass(frozen=True)
class Column:
    """dtype: of the raw values. vocabulary: of a column of categories, those of the training split; None: numbers.

    fill: what stands for a missing value, a number or one of the vocabulary; None: nothing does. A missing category
    may be one of the vocabulary too, `MISSING`.
    """

    name: str
    dtype: Dtype
    vocabulary: tuple[str, ...] | tuple[int, ...] | None = None
    fill: float | str | int | None = None

    @property
    def width(self) -> int:
        """Of what a model computes with: a number, or a slot for unknown categories and one for each known."""
        return 1 if self.vocabulary is None else len(self.vocabulary) + 1


def raw(frame: pd.DataFrame, dtypes: Mapping[str, Dtype], where: str) -> dict[str, np.ndarray]:
    """Columns `[n, 1]` of these dtypes from a table as it was read.

    Raises InputError where one is absent or of another kind.
    """
    absent = [name for name in dtypes if name not in frame.columns]
    if absent:
        raise InputError(
            f"{where} lacks the column{'s' * (len(absent) > 1)} {', '.join(absent)}; it has "
            f"{', '.join(map(str, frame.columns))}."
        )
    return {name: _raw(frame[name], dtype, f"{where}, column {name}")[:, np.newaxis] for name, dtype in dtypes.items()}


def _raw(values: pd.Series, dtype: Dtype, where: str) -> np.ndarray:
    if dtype == "string":
        return values.astype(object).where(values.notna(), MISSING["string"]).astype(str).to_numpy(object)
    numbers = pd.to_numeric(values, errors="coerce")
    wrong = values[numbers.isna() & values.notna()]
    if len(wrong):
        raise InputError(f"{where} holds {str(wrong.iloc[0])!r} ({len(wrong)} such rows), which is no number.")
    if dtype == "float64":
        return numbers.to_numpy(np.float64, na_value=np.nan)
    if (numbers.dropna() != numbers.dropna().round()).any():
        raise InputError(f"{where} holds numbers that are not whole, and its categories are whole numbers.")
    return numbers.fillna(MISSING["int64"]).to_numpy(np.int64)


def batches(given: Mapping[str, np.ndarray], size: int) -> Iterator[dict[str, np.ndarray]]:
    """Raw columns in order, `size` rows at a time."""
    for start in range(0, len(next(iter(given.values()))), size):
        yield {name: values[start : start + size] for name, values in given.items()}


def matrix(columns: Sequence[Column], given: Mapping[str, np.ndarray]) -> np.ndarray:
    """Raw columns as `[n, columns]` float64: numbers, and of categories their number, from 1; 0 is an unknown one."""
    return np.concatenate([_numbers(column, given[column.name]) for column in columns], axis=1)


def _numbers(column: Column, values: np.ndarray) -> np.ndarray:
    if column.vocabulary is None:
        return values if column.fill is None else np.where(np.isnan(values), column.fill, values)
    if column.fill is not None:
        values = np.where(values == MISSING[column.dtype], column.fill, values)
    return pd.Index(column.vocabulary).get_indexer(values[:, 0])[:, np.newaxis] + 1.0


def from_matrix(columns: Sequence[Column], x: np.ndarray) -> dict[str, np.ndarray]:
    """Raw columns of which `matrix` makes `x` `[n, columns]`."""
    return {column.name: _values(column, x[:, i])[:, np.newaxis] for i, column in enumerate(columns)}


def _values(column: Column, numbers: np.ndarray) -> np.ndarray:
    if column.vocabulary is None:
        return numbers.astype(np.float64)
    kind = object if column.dtype == "string" else np.int64
    return np.array([UNKNOWN[column.dtype], *column.vocabulary], kind)[numbers.astype(int)]
