"""A table from a CSV or Parquet file: columns of numbers and of categories, with names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from lossexp.base.checks import Between, Count, Finite, FromZero, Name, Place, settings
from lossexp.base.errors import InputError
from lossexp.datasets.assemble import assemble, divide
from lossexp.datasets.classes import AskedTask
from lossexp.datasets.columns import matrix, raw
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.labels import ClassNames, read_targets
from lossexp.datasets.named_arrays import PARTS
from lossexp.datasets.table_columns import check_missing, columns_of, dtypes_of

TEXT_FILES = (".csv", ".tsv", ".txt")


@settings("dataset")
def load(
    path: Place | Mapping[str, Place],
    target: Name | list[Name],
    task: AskedTask = "auto",
    class_names: ClassNames | None = None,
    categorical: Literal["auto"] | list[Name] = "auto",
    numeric: Literal["auto"] | list[Name] = "auto",
    drop: list[Name] = (),
    weights: Name | None = None,
    split: Name | None = None,
    missing: Literal["error", "mean", "median", "most_frequent", "constant"] = "error",
    fill: Finite = 0.0,
    missing_marks: list[str] = (),
    standardise: bool = True,
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """The table in a `.csv` (or `.tsv`) or `.parquet` file, one row an example.

    path: one file, whose test and validation rows are cut off by their fractions, or a mapping `train`, `val`, `test`
    to a file each (val and test may be left out). target: the column to predict, or several (of numbers, or of 0 and 1
    for multilabel); what it means is said in `labels.read_targets`. All other columns are inputs, but for those in
    `drop`, `weights` (of examples) and `split` (which says train, val or test).
    categorical, numeric: columns of that kind; `auto`: by their values, see `table_columns.dtypes_of`. A model gets a
    slot for each category of the training split, and one for all that it does not have; numbers are standardised where
    `standardise`.
    missing: what is done about empty values: an error, or what stands for them: the training mean, median or most
    frequent number, or the constant `fill`; for categories the most frequent one, by the other rules a category of its
    own. missing_marks: texts that mark missing values, beside the usual `NA`, `nan`, `null` and so on.
    Raises InputError for a file that is missing or no table, columns that are absent or may be read in two ways, and
    missing values.
    """
    where = f"dataset.path={path if isinstance(path, str | Path) else '...'}"
    targets = [target] if isinstance(target, str) else list(target)
    frames = _frames(path, missing_marks, split, where)
    inputs = {}
    for part, frame in frames.items():
        _check_present(frame, [*targets, *drop, *([weights] if weights else [])], f"{where}, {part} rows")
        inputs[part] = frame.drop(columns=[*targets, *drop, *([weights] if weights else [])])
    kinds = dtypes_of(pd.concat(inputs.values()), categorical, numeric, where)
    if not kinds:
        raise InputError(f"{where}: no column is left as an input. It has {', '.join(frames['train'].columns)}.")
    for part, frame in inputs.items():
        check_missing(frame[list(kinds)], missing, f"{where}, {part} rows")

    names = class_names or (targets if len(targets) > 1 else None)
    y = {part: _targets(frame, targets, f"{where}, {part} rows") for part, frame in frames.items()}
    read = read_targets(y, task, names, None, f"{where}, target {', '.join(targets)}")
    rows = {  # positions stand for rows until it is known which are for training
        part: Split(np.arange(len(frame)), read.y[part], None if weights is None else _weights(frame, weights, where))
        for part, frame in frames.items()
    }
    origins = {
        "train": "train",
        "val": "val" if "val" in rows else "train",
        "test": "test" if "test" in rows else "train",
    }
    cut = divide(
        rows, read.task, seed=seed, validation_fraction=validation_fraction, test_fraction=test_fraction, limit=limit
    )
    columns = columns_of(inputs["train"].iloc[cut["train"].x], kinds, missing, fill, where)
    splits = {
        part: replace(s, x=matrix(columns, raw(inputs[origins[part]].iloc[s.x], kinds, where)))
        for part, s in cut.items()
    }
    dataset = assemble(
        Path(path).stem if isinstance(path, str | Path) else "table",
        read.task,
        splits["train"],
        val=splits["val"],
        test=splits["test"],
        class_names=read.class_names,
        seed=seed,
        validation_fraction=validation_fraction,
        inputs="table",
        standardise=standardise,
    )
    return replace(dataset, inputs=dataset.inputs.with_columns(columns))


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


def _frames(
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
    _check_present(frame, [split], where)
    words = {word: part for part, known in PARTS.items() for word in known}
    parts = frame[split].astype(str).str.strip().str.lower().map(words)
    if parts.isna().any() or not (parts == "train").any():
        raise InputError(
            f"{where}, column {split}: it says for each row train, val or test, and some train; it holds "
            f"{', '.join(frame[split].astype(str).unique()[:5])}."
        )
    return {part: frame[parts == part].drop(columns=[split]) for part in PARTS if (parts == part).any()}


def _check_present(frame: pd.DataFrame, names: Sequence[str], where: str) -> None:
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise InputError(f"{where}: there is no column {', '.join(absent)}. There are {', '.join(frame.columns)}.")


def _targets(frame: pd.DataFrame, targets: Sequence[str], where: str) -> np.ndarray:
    absent = frame[targets].isna().any(axis=1).sum()
    if absent:
        raise InputError(
            f"{where}: {absent} of {len(frame)} rows have no {' and '.join(targets)}. Leave them out of the file."
        )
    chosen = frame[targets[0]] if len(targets) == 1 else frame[targets]
    y = chosen.to_numpy()
    return y.astype(str) if y.dtype == object and len(targets) == 1 else y


def _weights(frame: pd.DataFrame, weights: str, where: str) -> np.ndarray:
    return raw(frame, {weights: "float64"}, where)[weights][:, 0].astype(np.float32)
