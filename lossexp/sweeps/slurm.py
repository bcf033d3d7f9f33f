"""Jobs of a sweep as jobs of Slurm, through submitit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import submitit

from lossexp.base.errors import InputError
from lossexp.sweeps.elsewhere import Task


class Slurm:
    """An `Engine`: one array of Slurm jobs.

    folder: for submitit's files, shared by all machines. cluster: slurm, or local for processes of this machine, all
    at once. restarts: how often a job goes on after its time was over; being preempted does not count.
    parameters: of `submitit.AutoExecutor.update_parameters`; those that are None are left to Slurm.
    """

    def __init__(self, folder: str, cluster: str = "slurm", restarts: int = 0, **parameters: Any):
        where = Path(folder).absolute() / "%j"
        try:
            self._executor = submitit.AutoExecutor(where, cluster, slurm_max_num_timeout=restarts)
        except RuntimeError as error:
            raise InputError(
                f"hydra/launcher=slurm: {str(error).rstrip('.')}. Give the command on a machine where you type sbatch, "
                "or try it with hydra.launcher.cluster=local."
            ) from error
        self._executor.update_parameters(**parameters)

    def submit(self, tasks: Sequence[Task]) -> list[submitit.Job]:
        with self._executor.batch():
            return [self._executor.submit(task) for task in tasks]

    def done(self, handle: submitit.Job) -> bool:
        return handle.done()

    def lost(self, handle: submitit.Job) -> str:
        return f"Slurm job {handle.job_id} ended as {handle.state} ({handle.paths.stderr})."

    def cancel(self, handles: Sequence[submitit.Job]) -> None:
        for handle in handles:
            handle.cancel()
