"""What a run says of the noise in its labels: in words, as a figure, and in numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lossexp import figures
from lossexp.config.job import Job
from lossexp.datasets.dataset import Dataset, Split
from lossexp.metrics.segmentation import confusion
from lossexp.tracking.tracker import Tracker


def noise_in_words(job: Job, data: Dataset) -> str:
    """How many labels are wrong, and whether the epoch is chosen by such labels."""
    seed = job["noise"]["seed"]
    validation = "clean" if data.val.clean_y is None else f"noisy too ({_wrong(data.val)}), and chooses the epoch"
    return (
        f"{_wrong(data.train)} of training labels are wrong, drawn by seed {job['seed'] if seed is None else seed}; "
        f"validation is {validation}; test is clean"
    )


def _wrong(split: Split) -> str:
    return "0 %" if split.clean_y is None else f"{100 * (split.y != split.clean_y).mean():.1f} %"


def log_noise(tracker: Tracker, job: Job, data: Dataset) -> None:
    """Where training labels went: `noise.png`, and `noise.csv` with the probabilities T beside it."""
    noisy = "clean" if data.val.clean_y is None else "noisy"
    tracker.tags({"validation_labels": noisy, "noise.words": noise_in_words(job, data)})
    names, clean = data.class_names, data.train.y if data.train.clean_y is None else data.train.clean_y
    tracker.figure(figures.label_noise(clean, data.train.y, names, title="training labels after noise"), "noise.png")
    counts = confusion(clean.astype(np.int64), data.train.y.astype(np.int64), len(names))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    pairs = {"class": np.repeat(names, len(names)), "label": np.tile(names, len(names))}
    table = pd.DataFrame({**pairs, "examples": counts.ravel(), "share": shares.ravel(), "T": data.transition.ravel()})
    table.to_csv(job.folder / "noise.csv", index=False)
    tracker.artifact(job.folder / "noise.csv")
