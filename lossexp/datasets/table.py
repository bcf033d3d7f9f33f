"""A table from a CSV or Parquet file: columns of numbers and of categories, with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from lossexp.datasets.table_columns import check_missing, columns_of, dtypes_of
from lossexp.datasets.table_files import check_present, part_frames


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
    others = [*targets, *drop, *([weights] if weights else [])]
    frames = part_frames(path, missing_marks, split, where)
    for part, frame in frames.items():
        check_present(frame, others, f"{where}, {part} rows")
    inputs = {part: frame.drop(columns=others) for part, frame in frames.items()}
    kinds = dtypes_of(pd.concat(inputs.values()), categorical, numeric, where)
    if not kinds:
        raise InputError(f"{where}: no column is left as an input. It has {', '.join(frames['train'].columns)}.")
    for part, frame in inputs.items():
        check_missing(frame[list(kinds)], missing, f"{where}, {part} rows")

    names = class_names or (targets if len(targets) > 1 else None)
    y = {part: _targets(frame, targets, f"{where}, {part} rows") for part, frame in frames.items()}
    read = read_targets(y, task, names, None, f"{where}, target {', '.join(targets)}")
    rows = {  # positions stand for rows until it is known which of them are for training
        part: Split(np.arange(len(frame)), read.y[part], None if weights is None else _weights(frame, weights, where))
        for part, frame in frames.items()
    }
    divided = divide(rows, read.task, seed, validation_fraction, test_fraction, limit)
    columns = columns_of(inputs["train"].iloc[divided["train"].x], kinds, missing, fill, where)
    splits = {}
    for part, chosen in divided.items():
        frame = inputs[part if part in inputs else "train"].iloc[chosen.x]
        splits[part] = replace(chosen, x=matrix(columns, raw(frame, kinds, where)))
    dataset = assemble(
        Path(path).stem if isinstance(path, str | Path) else "table",
        read.task,
        **splits,
        class_names=read.class_names,
        seed=seed,
        validation_fraction=validation_fraction,
        inputs="table",
        standardise=standardise,
    )
    return replace(dataset, inputs=dataset.inputs.with_columns(columns))


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
