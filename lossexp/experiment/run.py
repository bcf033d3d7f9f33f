"""One run, from a composed config to scores.

The light half: identity, finished runs and data. TensorFlow is imported only once these are settled, so
that a missing dataset or a finished run is answered within a second.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from omegaconf import DictConfig

from lossexp.base.screen import show_scores
from lossexp.config import build, check_values
from lossexp.config.identity import run_key
from lossexp.config.top_level import check_settings
from lossexp.datasets.check import check_dataset
from lossexp.datasets.dataset import Dataset
from lossexp.experiment.run_folder import RunFolder
from lossexp.experiment.scores import Scores, read_scores
from lossexp.process.importing import first_import
from lossexp.tracking.tracker import NoTracker, Tracker

log = logging.getLogger(__name__)


def run(
    config: DictConfig,
    run_dir: Path,
    choices: Mapping[str, str],
    trusted: Collection[str] = (),
    given: Sequence[str] = (),
) -> Scores:
    """Trains, evaluates and logs the run that `config` describes; a finished run's scores are returned.

    run_dir: the run's folder. choices: the option chosen in each group. trusted: packages that the config
    may build from beside lossexp and Keras. given: settings to show at the end of the run's name. Raises
    InputError before any training where the config or the data cannot work, or the folder is another run's.
    """
    check_settings(config)
    check_values(config, trusted)
    key = run_key(config)
    tracker: Tracker = build(config.tracking, "tracking", trusted)
    with alone(run_dir):
        folder = RunFolder(run_dir, key)
        finished = find_finished(folder, key, tracker)
        if finished and not config.rerun:
            log.info("this run is finished already; rerun=true trains it again")
            show_scores(f"finished run {key}", finished.test, tracker.where())
            return finished
        dataset: Dataset = build(config.dataset, "dataset", trusted)
        check_dataset(dataset)

        with first_import("lossexp.experiment.recipe"):
            from lossexp.experiment.recipe import train_and_score

        return train_and_score(config, key, dataset, tracker, folder, choices, trusted, given)


@contextmanager
def alone(run_dir: Path) -> Iterator[None]:
    """Holds the run's folder, so that two processes asked for the same run do not both train it.

    The second waits, and then finds the run finished, or continues it where the first was stopped. The lock
    ends with the process, however that ends.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(run_dir / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        log.info("another process is at work on this run; waiting for it (%s)", run_dir)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def find_finished(folder: RunFolder, key: str, tracker: Tracker) -> Scores | None:
    """The scores of this run if all that it leaves is in its folder and the tracker, where there is one, knows it."""
    if not folder.closed:
        return None
    problems = folder.problems()
    if problems:
        log.warning("this run was finished, but %s; doing again what is needed (%s)", ", ".join(problems), folder.path)
        return None
    if isinstance(tracker, NoTracker) or tracker.find(key):
        return read_scores(folder.path, key)
    return None
