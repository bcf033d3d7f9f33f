"""A run's folder: whose it is, which training of that run it holds, and whether all of it is there.

`run.json` tells. It is the first file written and the last one changed, each time whole or not at all:

    run_key    the run that everything in the folder belongs to
    training   names one training of it, here and as a tag in MLflow; `rerun=true` begins another
    stage      training: under way, or interrupted; removing, rerun: the same for `rerun=true`; closed: all is done
    files      digests of the results, written with `closed`

docs/reliability.md has the steps from here to `closed`; each may be interrupted, and the same command repeats it.
"""

from __future__ import annotations

import json
import logging
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from lossexp.base.errors import InputError
from lossexp.base.files import LOCK, digest, whole
from lossexp.base.model_files import MODEL, WEIGHTS, model_file
from lossexp.experiment.result import FILE_NAME as SCORES
from lossexp.experiment.result import read_result
from lossexp.tracking.journal import FILE_NAME as JOURNAL

log = logging.getLogger(__name__)

FILE_NAME = "run.json"
CHECKPOINTS = "checkpoints"
RESULTS = (SCORES, "config.yaml", "metrics.jsonl", "test_outputs.npz")  # and one of the files of a model


@dataclass(frozen=True)
class Record:
    """The content of `run.json`."""

    run_key: str
    training: str = field(default_factory=lambda: uuid.uuid4().hex)
    stage: Literal["training", "removing", "rerun", "closed"] = "training"
    files: dict[str, str] = field(default_factory=dict)


class RunFolder:
    """The folder `path`, taken for the run `run_key`. Raises InputError where it is another run's."""

    def __init__(self, path: Path, run_key: str):
        self.path = Path(path)
        found = read_record(self.path)
        if found and found.run_key != run_key:
            raise InputError(
                f"The folder {self.path} belongs to the run {found.run_key}, and this run is {run_key}: what one has "
                "trained must not pass for the other's. Give each run a folder of its own: leave hydra.run.dir and "
                "hydra.sweep.subdir as they are, or set output=another_folder. If the folder is a copy, remove it."
            )
        self._record = found or Record(run_key)
        self._write()

    @property
    def run_key(self) -> str:
        return self._record.run_key

    @property
    def training(self) -> str:
        """The id of the training that the folder holds."""
        return self._record.training

    @property
    def checkpoints(self) -> Path:
        return self.path / CHECKPOINTS

    @property
    def model(self) -> Path:
        """The file of the model, or of its weights."""
        return model_file(self.path)

    @property
    def rerunning(self) -> bool:
        """Whether a training that `rerun=true` began is not done yet."""
        return self._record.stage in ("removing", "rerun")

    @property
    def closed(self) -> bool:
        return self._record.stage == "closed"

    def problems(self) -> list[str]:
        """What of the results is missing or is not what was written, in words."""
        return damaged(self.path, self._record.files)

    @contextmanager
    def attempt(self, rerun: bool) -> Iterator[None]:
        """A training, which `close` ends. rerun: another one than the folder holds, unless it was begun already.

        A kill or Ctrl-C inside the block leaves the stage, by which the same command continues that training; after
        an error, which another attempt may not meet, `rerun=true` begins anew.
        """
        if rerun and not self.rerunning:
            self._become(training=uuid.uuid4().hex, stage="removing", files={})
        if self._record.stage == "removing":
            for name in (*RESULTS, MODEL, WEIGHTS, JOURNAL):
                (self.path / name).unlink(missing_ok=True)
            if self.checkpoints.exists():
                shutil.rmtree(self.checkpoints)
            self._become(stage="rerun")
        elif self.closed:
            self._become(stage="training", files={})
        try:
            yield
        except Exception:
            self._become(stage="training")
            raise

    def close(self) -> None:
        """Says that all is done, and what the results are."""
        self._become(stage="closed", files={name: digest(self.path / name) for name in (*RESULTS, self.model.name)})

    def _become(self, **changes: object) -> None:
        self._record = replace(self._record, **changes)
        self._write()

    def _write(self) -> None:
        """Not where nothing changes: whoever watches the file takes its time for the end of a job."""
        content = (json.dumps(asdict(self._record), indent=2) + "\n").encode()
        if not (self.path / FILE_NAME).is_file() or (self.path / FILE_NAME).read_bytes() != content:
            with whole(self.path / FILE_NAME) as file:
                file.write_bytes(content)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the run's folder, so that two processes asked for the same run do not both train it.

    The second waits, and then finds the run finished, or continues it where the first was stopped. The lock
    ends with the process, however that ends.
    """
    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another process is at work on this run; waiting for it (%s)", path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def read_record(path: Path) -> Record | None:
    """What the folder's `run.json` says; None for a folder that belongs to no run yet.

    Earlier versions wrote none: their finished runs are known by their scores.
    """
    try:
        record = Record(**json.loads((path / FILE_NAME).read_text()))
        if all(isinstance(value, str) for value in (record.run_key, record.training, *record.files.values())):
            return record
        raise ValueError("a value that is no word")
    except FileNotFoundError:
        result = read_result(path)
        return Record(result.run_key, stage="closed") if result else None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read (%s); the run is closed anew", path / FILE_NAME, error)
        result = read_result(path)
        return Record(result.run_key) if result else None


def damaged(path: Path, digests: Mapping[str, str], names: Sequence[str] = RESULTS) -> list[str]:
    """Which of these files, and of the model's, are missing or not of their digests.

    One without a digest must be readable.
    """
    found = []
    model = next((name for name in (MODEL, WEIGHTS) if name in digests), model_file(path).name)
    for name in (*names, model):
        file = path / name
        if not file.is_file():
            found.append(f"{name} is missing")
        elif digests[name] != digest(file) if name in digests else not _is_readable(file):
            found.append(f"{name} is damaged")
    return found


def _is_readable(file: Path) -> bool:
    if file.suffix not in (".npz", ".keras"):
        return file.stat().st_size > 0
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    except Exception:  # a damaged archive raises whatever its damage leads to
        return False
