"""The dataset of a job."""

from __future__ import annotations

from lossexp.config.identity import source_digest
from lossexp.config.job import Job
from lossexp.datasets.dataset import Dataset
from lossexp.datasets.python import as_dataset


def build_dataset(job: Job) -> Dataset:
    """What the group `dataset` describes, also where its target is a user's function that returns arrays or streams."""
    found, node = job.build("dataset"), job["dataset"]
    if isinstance(found, Dataset):
        return found
    target = node["_target_"]
    called = [node, source_digest(target.partition(".")[0])]
    return as_dataset(found, f"dataset={target}", called, seed=job["seed"], validation_fraction=0.1, test_fraction=0.2)
