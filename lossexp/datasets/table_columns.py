"""Which columns of a table are inputs, which of them are categories, and what stands for missing values."""

from __future__ import annotations

import logging
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types

from lossexp.base.errors import InputError
from lossexp.datasets.classes import FEW
from lossexp.datasets.columns import MISSING, UNKNOWN, Column, Dtype, raw

Chosen = Literal["auto"] | list[str]
Missing = Literal["error", "mean", "median", "most_frequent", "constant"]
OTHER_NUMBER = r"[-+$€£]?\d{1,3}(?:[ ,.']?\d{3})*(?:[.,]\d+)?\s*[%$€£]?"  # 1,234.5 or 1.234,5 or $5 or 5%
log = logging.getLogger(__name__)


def dtypes_of(frame: pd.DataFrame, categorical: Chosen, numeric: Chosen, where: str) -> dict[str, Dtype]:
    """The kind of each input column.

    A column that one of the lists names is of that kind. The others are of the kind that their values have: numbers, or
    else categories; where both lists are given, they are not read. Raises InputError for a column that is neither, such
    as one of dates, or of names, of which each row has its own.
    """
    as_categories, as_numbers = ([] if chosen == "auto" else chosen for chosen in (categorical, numeric))
    wrong = [name for name in (*as_categories, *as_numbers) if name not in frame.columns] or [
        name for name in as_categories if name in as_numbers
    ]
    if wrong:
        raise InputError(
            f"{where}: dataset.categorical and dataset.numeric name {', '.join(wrong)}, which must be an input column, "
            f"in one of them. There are {', '.join(frame.columns)}."
        )
    unread = [name for name in frame.columns if name not in (*as_categories, *as_numbers)]
    if unread and "auto" not in (categorical, numeric):
        log.warning("%s: columns that are not read: %s", where, ", ".join(unread))
        frame, unread = frame.drop(columns=unread), []
    return {
        name: _dtype(values, name in as_categories, name in as_numbers, f"{where}, column {name}")
        for name, values in frame.items()
    }


def _dtype(values: pd.Series, is_category: bool, is_number: bool, where: str) -> Dtype:
    if "/" in values.name:
        raise InputError(f"{where}: Keras takes no input whose name has a /. Rename the column.")
    holds_numbers = types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
    if is_number or (holds_numbers and not is_category):
        if not is_number and _counts_rows(values):
            log.warning(
                "%s counts the rows. From their order nothing can be learned for others: dataset.drop=['%s'], unless "
                "it means something",
                *(where, values.name),
            )
        return "float64"
    if holds_numbers:
        if (values.dropna() != values.dropna().round()).any():
            raise InputError(
                f"{where} holds real numbers, which are no categories. Leave it out of dataset.categorical."
            )
        return "int64"
    if not is_category:
        _check_categories(values, where)
    return "string"


def _counts_rows(values: pd.Series) -> bool:
    """Whether each number is one more than that before, but for where the rows of up to three files meet."""
    return len(values) > FEW and int((values.diff() != 1).sum()) <= 3


def _check_categories(values: pd.Series, where: str) -> None:
    """Raises InputError where values that are no numbers may be something else than categories."""
    dropped = f"leave the column out: dataset.drop=[{values.name}]"
    if types.is_datetime64_any_dtype(values) or types.is_timedelta64_dtype(values):
        raise InputError(f"{where} holds dates or times. Make numbers of them, or {dropped}.")
    counts = values.dropna().astype(str).value_counts()
    words, rows = counts.index, int(counts.sum())
    texts = counts[pd.to_numeric(words.to_series(), errors="coerce").isna()]
    if rows and not len(texts) and not isinstance(values.dtype, pd.CategoricalDtype):
        raise InputError(
            f"{where} holds numbers that are stored as texts. Say what they are: dataset.numeric=[{values.name}] or "
            f"dataset.categorical=[{values.name}]."
        )
    if not types.is_bool_dtype(values) and 0 < texts.sum() < rows / 2:
        raise InputError(
            f"{where} holds numbers, but for {', '.join(map(repr, texts.index[:3]))} ({texts.sum()} rows). Set "
            f"dataset.missing_marks=[{texts.index[0]!r}] if that marks missing values, dataset.categorical="
            f"[{values.name}] if these are categories."
        )
    if counts[words.str.fullmatch(OTHER_NUMBER)].sum() > rows / 2:
        raise InputError(
            f"{where} holds texts that look like numbers, such as {texts.index[0]!r}. Write them as 1234.5, or set "
            f"dataset.categorical=[{values.name}] if these are categories."
        )
    if len(words) > max(FEW, rows / 4):
        raise InputError(
            f"{where} has {len(words)} different texts in {rows} rows, from which nothing can be learned for others. "
            f"Please {dropped}, or take them as categories all the same: dataset.categorical=[{values.name}]."
        )


def check_missing(frame: pd.DataFrame, rule: Missing, where: str) -> None:
    """Raises InputError where values are infinite, or where some are missing and the rule is `error`."""
    infinite = _told(frame.select_dtypes("number").isin([np.inf, -np.inf]))
    if infinite:
        raise InputError(f"{where}: values are infinite: {infinite} (of {len(frame)} rows). Leave these rows out.")
    told = _told(frame.isna())
    if told and rule == "error":
        raise InputError(
            f"{where}: values are missing: {told} (of {len(frame)} rows). Say what stands for them: dataset.missing="
            "mean, median, most_frequent or constant; or leave the columns out with dataset.drop."
        )


def _told(wrong: pd.DataFrame) -> str:
    return ", ".join(f"{count} in {name}" for name, count in wrong.sum().items() if count)


def columns_of(train: pd.DataFrame, dtypes: dict[str, Dtype], rule: Missing, fill: float, where: str) -> list[Column]:
    """The columns as the training split has them: its categories, and what stands for missing values by the rule.

    For numbers that is their mean, median or most frequent one, or `fill`. A missing category is the most frequent one
    by that rule, and by the others a category of its own.
    """
    values = raw(train, dtypes, where)
    return [_column(name, dtype, values[name][:, 0], rule, fill, where) for name, dtype in dtypes.items()]


def _column(name: str, dtype: Dtype, values: np.ndarray, rule: Missing, fill: float, where: str) -> Column:
    known = pd.Series(values[~np.isnan(values)] if dtype == "float64" else values[values != MISSING[dtype]])
    if not len(known):
        raise InputError(f"{where}, column {name}: all training rows lack it. Leave it out: dataset.drop=[{name}].")
    if dtype == "float64":
        rules = {"mean": known.mean, "median": known.median, "most_frequent": lambda: known.mode()[0]}
        number = None if rule == "error" else float(rules[rule]() if rule in rules else fill)
        return Column(name, dtype, fill=number)
    usual = known.mode()[0] if rule == "most_frequent" else None
    used = known.unique() if usual is not None else pd.unique(pd.Series(values))
    kind = str if dtype == "string" else int
    vocabulary = tuple(sorted(kind(value) for value in used if value != UNKNOWN[dtype]))
    return Column(name, dtype, vocabulary, None if usual is None else kind(usual))
