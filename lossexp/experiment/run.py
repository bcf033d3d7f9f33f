"""One run on one page, from a job to its result.

TensorFlow is imported only once identity, finished runs and data are settled, so that a missing dataset or a
finished run is answered within a second.
"""

from __future__ import annotations

import logging

from lossexp.base.blame import blaming
from lossexp.base.screen import show_choices, show_scores
from lossexp.config.job import Job
from lossexp.datasets.check import check_dataset
from lossexp.datasets.dataset import Dataset
from lossexp.experiment.data import build_dataset
from lossexp.experiment.result import Result, read_result
from lossexp.experiment.run_folder import RunFolder, locked
from lossexp.experiment.workers import begin, help_chief, helps
from lossexp.process.importing import first_import
from lossexp.process.signals import stops_raise
from lossexp.tracking.tracker import Tracker

log = logging.getLogger(__name__)


def run(job: Job) -> Result:
    """Trains, evaluates and logs the run that `job` describes; of a finished run the result is returned.

    Raises InputError before any training where the config or the data cannot work, or the folder is another run's.
    """
    job.check()
    if helps(job):
        return help_chief(job)
    key = job.key
    tracker: Tracker = job.build("tracking")
    with locked(job.folder):
        folder = RunFolder(job.folder, key)
        finished = None if job.anew else find_finished(folder, tracker)
        if begin(job, finished=finished is not None):
            log.info("this run is finished already; rerun=true trains it again")
            show_scores(f"finished run {key}", finished.test, tracker.where())
            return finished
        dataset: Dataset = build_dataset(job)
        check_dataset(dataset)
        return train(job, folder, tracker, dataset)


def find_finished(folder: RunFolder, tracker: Tracker) -> Result | None:
    """The run's result if all that it leaves is in its folder and, where there is one, in the tracker's store."""
    if not folder.closed:
        return None
    problems = folder.problems()
    if problems:
        log.warning("this run was finished, but %s; doing again what is needed (%s)", ", ".join(problems), folder.path)
        return None
    return read_result(folder.path, folder.run_key) if tracker.has(folder.run_key, folder.path) else None


def train(job: Job, folder: RunFolder, tracker: Tracker, dataset: Dataset) -> Result:
    """Everything after the data.

    The folder has the result, and what a store should hear, before anything is sent; it is closed last.
    """
    with first_import("lossexp.experiment.parts"):
        from lossexp.experiment import reporting
        from lossexp.experiment.parts import build_parts
        from lossexp.experiment.summary import run_name
        from lossexp.process.runtime import runtime

    trainer, seed = job.build("trainer"), job["seed"]
    trainer.check(dataset)
    with runtime(seed, trainer.precision, trainer.deterministic, trainer.eager), stops_raise():
        with trainer.scope():
            parts = build_parts(job, dataset, trainer)
        show_choices(job.choices, reporting.facts(job, parts, trainer), folder.path)
        with folder.attempt(job.anew):
            with tracker:
                name, tags = run_name(job), reporting.run_tags(job, folder)
                tracker.open(run_name=name, run_dir=folder.path, tags=tags)
                reporting.log_start(tracker, job, parts, dataset)
                with blaming():
                    fit = trainer.fit(
                        parts,
                        seed,
                        folder=folder.checkpoints,
                        on_epoch=tracker.metrics,
                        on_resume=tracker.replay,
                        key=job.key,
                    )
                result, outputs = reporting.save_result(fit, trainer, parts, folder)
                reporting.log_result(tracker, job, fit, result, outputs, parts, folder)
            folder.close()
        trainer.devices.gather()  # other workers end when all is done
    show_scores(name, result.test, tracker.where())
    return result
