"""The dataset of a job."""

from __future__ import annotations

from lossexp.config.identity import source_digest
from lossexp.config.job import Job
from lossexp.datasets.dataset import Dataset
from lossexp.datasets.python import as_dataset
from lossexp.process.importing import first_import


def build_dataset(job: Job) -> Dataset:
    """What the group `dataset` describes, also where its target is a user's function that returns arrays or streams."""
    node = job["dataset"]
    if (node.get("fn") or node)["_target_"].partition(".")[0] in job.trusted:
        with first_import("tensorflow"):  # which the user's module may import, but not so quietly
            import tensorflow  # noqa: F401
    found = job.build("dataset")
    if isinstance(found, Dataset):
        return found
    target = node["_target_"]
    called = [node, source_digest(target.partition(".")[0])]
    return as_dataset(found, f"dataset={target}", called, seed=job["seed"], validation_fraction=0.1, test_fraction=0.2)
