"""A dataset with wrong labels, beside which the right ones are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossexp.base.errors import InputError
from lossexp.base.seeds import derive
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.noise.clean import Clean
from lossexp.datasets.noise.noise import Noise

TASKS = ("multiclass", "binary", "ordinal")


def noisy(dataset: Dataset, noise: Noise | Clean, seed: int) -> Dataset:
    """The dataset with labels of train, and of val if `noise.val`, flipped; inputs and test are untouched.

    seed: the run's, which fixes the flips where the noise has none of its own. They are a function of that and of the
    labels (for `instance` of the inputs too) alone. Raises InputError for a dataset of another task than one class an
    example, and where the noise does not fit its classes.
    """
    if isinstance(noise, Clean):
        return dataset
    if dataset.task not in TASKS:
        raise InputError(
            f"noise is for {', '.join(TASKS)} data, where each example has one class, and "
            f"dataset {dataset.name} is {dataset.task}. Leave noise out: noise=none."
        )
    seed = seed if noise.seed is None else noise.seed
    names = ["train", "val"] if noise.val else ["train"]
    changed, matrices = {}, {}
    for pool in [names] if noise.before_split else [[name] for name in names]:
        splits = [dataset.splits[name] for name in pool]
        rng = np.random.default_rng(derive(seed, f"noise/{'+'.join(pool)}"))
        labels, matrix = noise.flips(splits, dataset.class_names, rng)
        ends = np.cumsum([len(split) for split in splits])[:-1]
        for name, split, y in zip(pool, splits, np.split(labels, ends), strict=True):
            changed[name], matrices[name] = _with_labels(split, y), matrix
    return replace(dataset, **changed, transition=matrices["train"])


def _with_labels(split: Split, y: np.ndarray) -> Split:
    return split if np.array_equal(y, split.y) else replace(split, y=y, clean_y=split.y)
