"""What there is to see of a dataset: in words, as figures, and where noise moved labels, in numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lossexp import figures
from lossexp.config.job import Job
from lossexp.datasets.dataset import Dataset, Split
from lossexp.metrics.segmentation import confusion


def words(job: Job, data: Dataset) -> dict[str, str]:
    """By group: what the dataset is, and of noisy labels how many are wrong and whether they choose the epoch."""
    sizes = "/".join(f"{len(split):,}" for split in data.splits.values())
    named = f", {data.num_classes} {'labels' if data.task == 'multilabel' else 'classes'}"
    classes = named if data.num_classes else ", several outputs" * (data.num_values > 1)
    found = {"dataset": f"{data.task}{classes}, {sizes} train/val/test: {data.inputs.describe(data.train.x)}"}
    if data.transition is None:
        return found
    seed = job["noise"]["seed"]
    validation = "clean" if data.val.clean_y is None else f"noisy too ({_wrong(data.val)}), and chooses the epoch"
    noise = (
        f"{_wrong(data.train)} of training labels are wrong, drawn by seed {job['seed'] if seed is None else seed}; "
        f"validation is {validation}; test is clean"
    )
    return {**found, "noise": noise}


def _wrong(split: Split) -> str:
    return "0 %" if split.clean_y is None else f"{100 * (split.y != split.clean_y).mean():.1f} %"


def noise_tags(job: Job, data: Dataset) -> dict[str, str]:
    """Whether validation is noisy, and the noise in words; empty without noise."""
    if data.transition is None:
        return {}
    return {
        "validation_labels": "clean" if data.val.clean_y is None else "noisy",
        "noise.words": words(job, data)["noise"],
    }


def data_figures(data: Dataset) -> dict[str, Figure]:
    """By file: samples, examples of each class, and where noise moved training labels."""
    train = data.train
    samples = figures.sample_grid(
        train.x,
        train.y,
        clean_y=train.clean_y,
        task=data.task,
        kind=data.inputs.kind,
        class_names=data.class_names,
        ignore_class=data.ignore_class,
        title=data.name,
    )
    drawn = {"samples.png": samples}
    if data.transition is not None:
        drawn["classes.png"] = figures.class_counts(_clean(train), train.y, data.class_names)
        drawn["noise.png"] = figures.label_noise(_clean(train), train.y, data.class_names, title="labels after noise")
    return drawn


def write_noise(data: Dataset, file: Path) -> None:
    """Where training labels went, with the probabilities T beside it: a row for each class and label."""
    names = data.class_names
    counts = confusion(_clean(data.train).astype(np.int64), data.train.y.astype(np.int64), len(names))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    pairs = {"class": np.repeat(names, len(names)), "label": np.tile(names, len(names))}
    table = pd.DataFrame({**pairs, "examples": counts.ravel(), "share": shares.ravel(), "T": data.transition.ravel()})
    table.to_csv(file, index=False)


def _clean(split: Split) -> np.ndarray:
    return split.y if split.clean_y is None else split.clean_y
