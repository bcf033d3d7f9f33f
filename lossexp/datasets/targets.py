"""Targets of regression in the unit in which a loss sees them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossexp.datasets.dataset import Dataset


def scale_targets(dataset: Dataset, shift: bool) -> Dataset:
    """The dataset with targets divided by their training standard deviation, float32, after their mean was taken off.

    shift: whether the mean is taken off. It is not for losses to which 0 means something (of counts, of relative
    errors). `Dataset.original` undoes both. Computed in float64, so that years and time stamps keep their digits.
    """
    y = dataset.train.y.astype(np.float64)
    deviation = y.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    offset = y.mean(axis=0) if shift else np.zeros_like(scale)
    scaled = {
        name: replace(split, y=((split.y - offset) / scale).astype(np.float32))
        for name, split in dataset.splits.items()
    }
    return replace(dataset, **scaled, target_scale=scale.tolist(), target_offset=offset.tolist())
