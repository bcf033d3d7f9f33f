"""From arrays of any source, with targets as the user has them, to a `Dataset`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lossexp.base.errors import InputError
from lossexp.datasets.assemble import assemble
from lossexp.datasets.check import check_numbers, check_weights
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.labels import AskedTask, read_targets
from lossexp.datasets.stored import StoredInputs, chunks


def from_arrays(
    name: str,
    splits: Mapping[str, Split],
    where: str,
    *,
    task: AskedTask = "auto",
    class_names: Sequence | None = None,
    ignore_class: int | None = None,
    **settings: Any,
) -> Dataset:
    """The dataset of `splits`: `train`, and `val` and `test` where the source has them.

    Their targets are as `read_targets` takes them; examples whose label is `ignore_class` are left out, and such
    pixels do not count. where: opens messages. settings: those of `assemble`.
    """
    for part, split in splits.items():
        check_inputs(split.x, f"{where}: x_{part}")
        check_weights(split.sample_weight, len(split.x), f"{where}, {part} data")
    splits = {part: _labelled(split, ignore_class, f"{where}: y_{part}") for part, split in splits.items()}
    targets = read_targets({part: split.y for part, split in splits.items()}, task, class_names, ignore_class, where)
    if targets.task == "regression" and ignore_class is not None:
        raise InputError(
            f"{where}: dataset.ignore_class={ignore_class} is for class labels, and these are values. Leave it out."
        )
    splits = {part: replace(split, y=targets.y[part]) for part, split in splits.items()}
    return assemble(
        name,
        targets.task,
        splits["train"],
        val=splits.get("val"),
        test=splits.get("test"),
        class_names=targets.class_names,
        ignore_class=targets.ignore_class,
        **settings,
    )


def check_inputs(x: np.ndarray | StoredInputs, where: str) -> None:
    """Raises InputError unless inputs are `[n, ...]` with a number or more for each example, all of them finite."""
    if x.ndim < 2 or 0 in x.shape:
        raise InputError(
            f"{where} has shape {x.shape}. Store one entry for each example, [n, features] or [n, height, width]."
        )
    for part in chunks(x):
        check_numbers(part, "values", where)


def _labelled(split: Split, ignore_class: int | None, where: str) -> Split:
    """The examples whose label is not `ignore_class`; arrays that do not fit each other have their own error."""
    y = np.asarray(split.y)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if ignore_class is None or y.ndim != 1 or y.dtype.kind not in "biuf" or len(split.x) != len(y):
        return split
    kept = np.flatnonzero(y != ignore_class)
    if not len(kept):
        raise InputError(f"{where} holds nothing but dataset.ignore_class={ignore_class}. Give it labelled examples.")
    return split if len(kept) == len(y) else split.rows(kept)
