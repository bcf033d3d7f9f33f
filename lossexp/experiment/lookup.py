"""Where a finished run is: found by its key or MLflow id, and read with care, since it may be a stranger's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lossexp.base.errors import InputError
from lossexp.config.job import Job
from lossexp.experiment.result import read_result
from lossexp.experiment.run_folder import damaged, read_record
from lossexp.tracking.tracker import Tracker

NEEDED = ("config.yaml", "test_outputs.npz")  # of a finished run, and the file of its model


def find_run(job: Job) -> Path:
    """The folder of the finished run that the setting `run` names by run key or MLflow run id."""
    run, output = job["run"], Path(job["output"])
    if not run:
        raise InputError(f"mode={job['mode']} needs a finished run: run=<its key or MLflow id>.")
    for run_dir, key in run_folders(job, str(run), output):
        record = read_record(run_dir)
        if record is None or record.run_key != key or not read_result(run_dir, key):
            continue
        problems = damaged(run_dir, record.files, NEEDED)
        if problems:
            raise InputError(
                f"run={run}: {', '.join(problems)} in {run_dir}. The command that trained the run, given again, "
                "does again what is needed."
            )
        return run_dir
    raise InputError(
        f"run={run}: no finished run of this key or id in {output.resolve()}. The key is "
        "the name of the run's folder and its tag run_key; output=... says where runs are, tracking.uri=... where "
        "MLflow is."
    )


def run_folders(job: Job, run: str, output: Path) -> Iterator[tuple[Path, str]]:
    """Where the run may be: here by its key, or where MLflow says it was trained; each with the run's key."""
    yield output / run, run
    tracker: Tracker = job.build("tracking")
    finished = tracker.find(run)
    tags = finished.tags if finished else tracker.run_tags(run)
    key = tags.get("run_key", run)
    yield output / key, key
    if "run_dir" in tags:
        yield Path(tags["run_dir"]), key


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """A block that reads a file of the run. Raises InputError where that is missing or damaged."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # YAML, zipfile, h5py and Keras each have their own
        what = "is damaged" if file.is_file() else "is missing"
        raise InputError(
            f"{file} {what}, so the run cannot be looked at again: {error}. Put it back from a copy or from the run's "
            "artifacts in MLflow, or give the run's command again with rerun=true."
        ) from error
