"""The dataset of a job."""

from __future__ import annotations

from lossexp.config.identity import source_digest
from lossexp.config.job import Job
from lossexp.datasets.dataset import Dataset
from lossexp.datasets.noise.noisy import noisy
from lossexp.datasets.python import as_dataset
from lossexp.process.importing import first_import


def build_dataset(job: Job) -> Dataset:
    """What the groups `dataset` and `noise` describe; a user's function may return arrays or streams as well."""
    dataset = _as_built(job)
    return noisy(dataset, job.build("noise"), job["seed"]) if "noise" in job.config else dataset  # of earlier versions


def _as_built(job: Job) -> Dataset:
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
