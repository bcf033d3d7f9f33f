"""Rows that a user has for `mode=predict`: from an npz, CSV or Parquet file, as a finished run's model takes them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossexp.base.errors import InputError
from lossexp.datasets import columns
from lossexp.datasets.check import check_numbers
from lossexp.datasets.npz import plain_arrays
from lossexp.datasets.stored import StoredInputs, chunks
from lossexp.datasets.table_columns import check_missing
from lossexp.datasets.table_files import TEXT_FILES, read_frame

if TYPE_CHECKING:
    import keras

BATCH = 1024
TABLES = (*TEXT_FILES, ".parquet")
LAYOUT = "Write it with numpy.savez(path, x=...)."
Rows = np.ndarray | StoredInputs | dict[str, np.ndarray]
log = logging.getLogger(__name__)


def read_rows(path: str, model: keras.Model, dataset: Mapping[str, Any]) -> Rows:
    """What the file at `path` has for the model: `[n, ...]`, or by name, `[n, 1]`, for one that takes columns.

    dataset: the run's settings of it. Raises InputError where the file is not of the kind that the model takes.
    """
    file, setting = Path(path).expanduser(), f"inputs={path}"
    taken = getattr(model, "input", None)
    if not isinstance(taken, dict) and file.suffix not in TABLES:
        return as_taken(_x(file, setting), model, path)
    dtypes = {name: tensor.dtype for name, tensor in taken.items()} if isinstance(taken, dict) else None
    if file.suffix in TABLES:
        texts = [name for name, dtype in (dtypes or {}).items() if dtype == "string"]
        frame = read_frame(file, dataset.get("missing_marks") or (), setting, texts)
    else:
        arrays = plain_arrays(file, lambda found: {name: name for name in found}, setting, "Give an array a column.")
        frame = pd.DataFrame({name: array.reshape(len(array), -1)[:, 0] for name, array in arrays.items()})
    given = columns.raw(frame, dtypes or dict.fromkeys(frame.columns, "float64"), setting)
    check_missing(frame[list(given)], dataset.get("missing", "error"), setting)
    if dtypes is None:
        return as_taken(np.concatenate(list(given.values()), axis=1), model, path)
    unread = [name for name in frame.columns if name not in given]
    if unread:
        log.warning("%s: columns that are not read: %s", setting, ", ".join(unread))
    return given


def batches(x: Rows) -> Iterator[Any]:
    """All rows in order, `BATCH` at a time."""
    if isinstance(x, dict):
        yield from columns.batches(x, BATCH)
    else:
        yield from (part[i : i + BATCH] for part in chunks(x) for i in range(0, len(part), BATCH))


def as_taken(x: np.ndarray, model: keras.Model, inputs: str) -> np.ndarray:
    """`x` in the dtype that the model takes. Raises InputError where it has another shape, or loses values by that."""
    check_shape(x, model, inputs)
    if not getattr(model, "inputs", None):
        return x
    taken = x.astype(model.inputs[0].dtype)
    if taken.dtype.kind in "iu" and (taken != x).any():
        raise InputError(
            f"inputs={inputs}: x has dtype {x.dtype} and values that {taken.dtype} does not hold, and the run was "
            f"trained on {taken.dtype}. Give the inputs as the run's dataset has them."
        )
    return taken


def check_shape(x: np.ndarray, model: keras.Model, inputs: str) -> None:
    """Raises InputError where `x` is not of the shape `[n, *input_shape]` that the model takes."""
    # Where a model is a subclass, only what it was built with tells.
    taken = getattr(model, "input_shape", None) or (model.get_build_config() or {}).get("input_shape")
    if not isinstance(taken, tuple | list) or not all(size is None or isinstance(size, int) for size in taken[1:]):
        return  # several inputs, or a model that does not say
    fits = len(taken) == x.ndim and all(size in (None, own) for size, own in zip(taken[1:], x.shape[1:], strict=True))
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in taken[1:])
        raise InputError(
            f"inputs={inputs}: x has the shape {x.shape}, but the run's model takes (n, {wanted}). Give n examples "
            "as the run's dataset has them."
        )


def _x(file: Path, setting: str) -> np.ndarray:
    """`x` `[n, ...]` from an npz file, as it is there. Raises InputError where it holds no such numbers."""

    def pick(found: Sequence[str]) -> dict[str, str]:
        if "x" not in found:
            raise InputError(f"{setting} lacks x; it has {', '.join(found) or 'nothing'}. {LAYOUT}")
        return {"x": "x"}

    x = plain_arrays(file, pick, setting, LAYOUT)["x"]
    check_numbers(x, "values of x", setting)
    if not x.size:
        raise InputError(f"{setting}: x has the shape {x.shape}. Give at least one example.")
    return x
