"""Scales a dataset by statistics of its training split only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossexp.datasets.dataset import Dataset


def standardise_inputs(dataset: Dataset) -> Dataset:
    """The dataset with input features `[n, features]` of training mean 0 and standard deviation 1, float32.

    A feature that is constant in training is only shifted.
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(dataset.train.x.astype(np.float64))
    scaled = {
        name: replace(split, x=scaler.transform(split.x.astype(np.float64)).astype(np.float32))
        for name, split in dataset.splits.items()
    }
    return replace(dataset, **scaled)


def scale_targets(dataset: Dataset) -> Dataset:
    """The dataset with targets divided by their training standard deviation, which is kept in `target_scale`.

    They are not shifted, so that losses that need positive targets (Poisson, gamma, logarithmic) stay defined.
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler(with_mean=False).fit(dataset.train.y.astype(np.float64)[:, None])
    scale = float(scaler.scale_[0])
    scaled = {name: replace(split, y=(split.y / scale).astype(np.float32)) for name, split in dataset.splits.items()}
    return replace(dataset, **scaled, target_scale=dataset.target_scale * scale)
