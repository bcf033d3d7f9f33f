"""What Hydra takes from lossexp: where `-m` leads, and where its jobs run. The work is in `lossexp.sweeps`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

if TYPE_CHECKING:
    from lossexp.config.sweep_settings import SweepSettings
    from lossexp.sweeps.jobs import SweepJob


class LossexpSweeper(BasicSweeper):
    """`hydra/sweeper=lossexp`: sets of unlike losses, one parent run, no job trained twice. See `lossexp.sweeps`.

    Any launcher of Hydra's serves; what becomes of a job is read from its folder.
    """

    def __init__(self) -> None:
        super().__init__(max_batch_size=None)

    def sweep(self, arguments: list[str]) -> None:
        if self.config.mode != "train":
            return super().sweep(arguments)
        from lossexp.sweeps.sweep import sweep

        launch = self.launcher.run if isinstance(self.launcher, LossexpLauncher) else self._launch
        return sweep(self.config, arguments, self.hydra_context.config_loader, launch)

    def _launch(self, jobs: Sequence[SweepJob], settings: SweepSettings) -> None:
        parent = f"sweep.parent={jobs[0].config.sweep.parent or 'null'}"
        self.launcher.launch([[*job.overrides, parent] for job in jobs], initial_job_idx=0)


class LossexpLauncher(BasicLauncher):
    """`hydra/launcher=lossexp`: jobs in this process, or `sweep.n_jobs` fresh processes at a time."""

    def run(self, jobs: Sequence[SweepJob], settings: SweepSettings) -> None:
        """What `launch` does, for jobs that are composed."""
        from lossexp.sweeps.local import run_fresh, run_here

        fresh, stop = settings.fresh or settings.n_jobs > 1, settings.on_error == "stop"
        here = [job for job in jobs if not fresh or job.is_done]
        run_here(here, self.hydra_context, self.task_function, stop)
        run_fresh([job for job in jobs if job not in here], settings.n_jobs, stop)
