"""CSV and Parquet files as tables, with the rows of each part."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from lossexp.base.errors import InputError
from lossexp.datasets.named_arrays import PART_OF, PARTS

TEXT_FILES = (".csv", ".tsv", ".txt")


def part_frames(
    path: str | Path | Mapping[str, str], missing_marks: Sequence[str], split: str | None, where: str
) -> dict[str, pd.DataFrame]:
    """The rows of each part that the source has, without the column `split`."""
    if isinstance(path, Mapping):
        wrong = set(path) - set(PARTS)
        if wrong or "train" not in path:
            raise InputError(f"dataset.path has {', '.join(path)}: give one file, or train and perhaps val and test.")
        if split:
            raise InputError("dataset.split names a column that cuts one file, but dataset.path has one for each part.")
        return {
            part: read_frame(Path(file).expanduser(), missing_marks, f"dataset.path.{part}={file}")
            for part, file in path.items()
        }
    frame = read_frame(Path(path).expanduser(), missing_marks, where)
    if split is None:
        return {"train": frame}
    check_present(frame, [split], where)
    parts = frame[split].astype(str).str.strip().str.lower().map(PART_OF)
    if parts.isna().any() or not (parts == "train").any():
        raise InputError(
            f"{where}, column {split}: it says for each row train, val or test, and some train; it holds "
            f"{', '.join(frame[split].astype(str).unique()[:5])}."
        )
    return {part: frame[parts == part].drop(columns=[split]) for part in PARTS if (parts == part).any()}


def check_present(frame: pd.DataFrame, names: Sequence[str], where: str) -> None:
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise InputError(f"{where}: there is no column {', '.join(absent)}. There are {', '.join(frame.columns)}.")


def read_frame(path: Path, missing_marks: Sequence[str], setting: str, texts: Collection[str] = ()) -> pd.DataFrame:
    """The table in a file, with names of columns as texts. texts: columns that are not taken for numbers.

    Raises InputError for a file that is missing or no table.
    """
    if not path.is_file():
        raise InputError(f"{setting}: no such file ({path.resolve()}). Give the path of a .csv or .parquet file.")
    try:
        if path.suffix == ".parquet":
            frame = _read_parquet(path, missing_marks)
        elif path.suffix in TEXT_FILES:
            frame = _read_texts(path, missing_marks, texts)
        else:
            raise ValueError(f"its name ends in {path.suffix or 'no suffix'}.")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{setting} is not written in UTF-8 ({error.reason} at byte {error.start}). Save it so, for instance by "
            "pandas.read_csv(path, encoding='latin-1').to_csv(path, index=False)."
        ) from error
    except Exception as error:  # pandas and pyarrow have many kinds
        raise InputError(
            f"{setting} is no table that can be read: {str(error).strip()} Give a .csv file whose first line has the "
            "names of the columns, or a .parquet file."
        ) from error
    if frame.empty:
        raise InputError(f"{setting} has no rows below its first line, which names the columns.")
    return frame.rename(columns=str)


def _read_texts(path: Path, missing_marks: Sequence[str], texts: Collection[str]) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
    read = partial(
        pd.read_csv,
        path,
        sep=max(",;\t|", key=header.count),
        na_values=list(missing_marks),
        skipinitialspace=True,
        encoding="utf-8-sig",
        low_memory=False,  # which would take a column's numbers for texts in some rows only
    )
    names = read(header=None, nrows=1, dtype=str).iloc[0].dropna()  # pandas would rename the second of two alike
    if names.duplicated().any():
        raise ValueError(f"two columns are called {names[names.duplicated()].iloc[0]}.")
    frame = read(dtype=dict.fromkeys(texts, str))
    if not frame.index.equals(pd.RangeIndex(len(frame))):  # pandas would take the first for names of rows
        raise ValueError("its rows have more entries than its first line has names.")
    objects = frame.select_dtypes(["bool", "object"])
    bools = [name for name, values in objects.items() if types.infer_dtype(values, skipna=True) == "boolean"]
    return frame.assign(**read(usecols=bools, dtype=str)) if bools else frame  # "TRUE" as it is written


def _read_parquet(path: Path, missing_marks: Sequence[str]) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    if any(frame.index.names):  # an index that has a name is a column of the file
        frame = frame.reset_index()
    for name, values in frame.select_dtypes("object").items():
        if types.infer_dtype(values, skipna=True) == "decimal":
            frame[name] = pd.to_numeric(values)
    return frame.replace(dict.fromkeys(missing_marks, np.nan)) if missing_marks else frame
