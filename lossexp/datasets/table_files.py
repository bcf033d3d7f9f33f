"""CSV and Parquet files as tables, with the rows of each part."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lossexp.base.errors import InputError
from lossexp.datasets.named_arrays import PARTS

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
    words = {word: part for part, known in PARTS.items() for word in known}
    parts = frame[split].astype(str).str.strip().str.lower().map(words)
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
            frame = pd.read_parquet(path).replace(dict.fromkeys(missing_marks, np.nan) if missing_marks else {})
        elif path.suffix in TEXT_FILES:
            frame = _read_texts(path, missing_marks)
            numbers = {name: _as_numbers(frame[name]) for name in frame.columns if name not in texts}
            frame = frame.assign(**numbers)
        else:
            raise ValueError(f"its name ends in {path.suffix or 'no suffix'}.")
    except Exception as error:  # pandas and pyarrow have many kinds
        raise InputError(
            f"{setting} is no table that can be read: {error} Give a .csv file whose first line has the names of the "
            "columns, or a .parquet file."
        ) from error
    if frame.empty:
        raise InputError(f"{setting} has no rows below its first line, which names the columns.")
    return frame.rename(columns=str)


def _read_texts(path: Path, missing_marks: Sequence[str]) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
    return pd.read_csv(
        path,
        sep=max(",;\t", key=header.count),
        dtype=str,  # pandas would make "7" of "007" where all other texts are numbers too, and a bool of "true"
        na_values=list(missing_marks),
        skipinitialspace=True,
        encoding="utf-8-sig",
    )


def _as_numbers(texts: pd.Series) -> pd.Series:
    """Numbers where all texts are such."""
    numbers = pd.to_numeric(texts, errors="coerce")
    return texts if numbers.isna().any() and (numbers.isna() & texts.notna()).any() else numbers
