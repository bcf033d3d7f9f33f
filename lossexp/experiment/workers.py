"""A run that several processes train together (`trainer.strategy=multi_worker`): how it begins, and who helps.

The chief does all that one process alone does. The others build the same parts and do their share of each batch;
nothing but their own log and callbacks' files is written by them, in `worker-1` and so on inside the run's folder.
"""

from __future__ import annotations

import logging
import signal

from lossexp.base.blame import blaming
from lossexp.base.errors import InputError
from lossexp.config.job import Job
from lossexp.datasets.check import check_dataset
from lossexp.experiment.data import build_dataset
from lossexp.experiment.result import Result, read_result
from lossexp.experiment.run_folder import CHECKPOINTS, read_record
from lossexp.process.cluster import this_cluster
from lossexp.process.importing import first_import
from lossexp.process.meeting import meet
from lossexp.process.signals import stops_raise

log = logging.getLogger(__name__)


def helps(job: Job) -> bool:
    """Whether this process is a worker beside the chief of its run."""
    return job["trainer"].get("strategy") == "multi_worker" and this_cluster().index > 0


def begin(job: Job, finished: bool = False) -> bool:
    """Waits for the other workers of the run, if there are any; returns whether it is finished, as the chief says."""
    if job["trainer"].get("strategy") != "multi_worker":
        return finished
    finished = meet(this_cluster(), job.key, finished)
    if not finished:
        with first_import("lossexp.experiment.parts"):
            from lossexp.experiment import parts  # noqa: F401 - all that is imported late, at once
            from lossexp.trainer.devices import multi_worker_strategy
        multi_worker_strategy()  # before data are read, which TensorFlow may do
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))  # TensorFlow's own handler ignores it
    return finished


def help_chief(job: Job) -> Result:
    """The same training as the chief's, for another worker's share of it; returns the result that the chief wrote."""
    name, run_folder = f"worker-{this_cluster().index}", job.folder.parent
    if job.folder.name != name:
        raise InputError(
            f"The folder of this worker is {job.folder}, and must be the run's folder and {name}: leave hydra.run.dir "
            "as it is, or let it end with ${worker_folder:}."
        )
    log.info("the chief writes the run, in %s, and this worker only its log, in %s", run_folder, job.folder)
    finished = begin(job)
    if read_record(run_folder) is None:
        raise InputError(f"The chief's run is not in {run_folder}. Let output name a folder that all workers share.")
    if not finished:
        from lossexp.experiment.parts import build_parts
        from lossexp.process.runtime import runtime

        dataset = build_dataset(job)
        check_dataset(dataset)
        trainer, seed = job.build("trainer"), job["seed"]
        trainer.check(dataset)
        with runtime(seed, trainer.precision, trainer.deterministic, trainer.eager), stops_raise():
            with trainer.scope():
                parts = build_parts(job, dataset, trainer)
            with blaming():
                trainer.fit(parts, seed, folder=run_folder / CHECKPOINTS, key=job.key)
            trainer.devices.gather()  # until the chief has done what comes after training
    return read_result(run_folder, job.key)
