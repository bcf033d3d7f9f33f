"""What Hydra takes from lossexp: where `-m` leads, and where its jobs run. The work is in `lossexp.sweeps`."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from lossexp.base.errors import InputError

if TYPE_CHECKING:
    from lossexp.config.sweep_settings import SweepSettings
    from lossexp.sweeps.elsewhere import Engine
    from lossexp.sweeps.jobs import SweepJob


class LossexpSweeper(BasicSweeper):
    """`hydra/sweeper=lossexp`: sets of unlike losses, one parent run, no job trained twice. See `lossexp.sweeps`.

    Any launcher of Hydra's serves; what becomes of a job is read from its folder.
    """

    def __init__(self) -> None:
        super().__init__(max_batch_size=None)

    def sweep(self, arguments: list[str]) -> None:
        from lossexp.config.sweep_settings import check_launcher, check_looks

        if self.config.mode != "train":
            check_looks(self.config)
            return super().sweep(arguments)
        if not isinstance(self.launcher, LossexpLauncher):
            check_launcher(self.config)
        from lossexp.sweeps.sweep import sweep

        return sweep(self.config, arguments, self.hydra_context.config_loader, self._launch)

    def _launch(self, jobs: Sequence[SweepJob], settings: SweepSettings) -> None:
        if isinstance(self.launcher, LossexpLauncher):
            self.launcher.run(jobs, settings)
        elif jobs:
            parent = f"sweep.parent={jobs[0].config.sweep.parent or 'null'}"
            self.launcher.launch([[*job.overrides, parent] for job in jobs], initial_job_idx=jobs[0].number)


class TuneSweeper(LossexpSweeper):
    """`hydra/sweeper=tune`: searches settings, then sweeps over the winners. See `lossexp.tune`."""

    def sweep(self, arguments: list[str]) -> None:
        if not importlib.util.find_spec("optuna"):
            raise InputError("lossexp.tune searches with Optuna, which is not installed: pip install 'lossexp[tune]'")
        from lossexp.tune.tune import tune

        tune(self.config, arguments, self.hydra_context.config_loader, self._launch)


class LossexpLauncher(BasicLauncher):
    """`hydra/launcher=lossexp`: jobs in this process, or `sweep.n_jobs` fresh processes at a time."""

    def run(self, jobs: Sequence[SweepJob], settings: SweepSettings) -> None:
        """What `launch` does, for jobs that are composed. Finished ones only look at their run, in this process."""
        from lossexp.sweeps.local import run_here

        fresh, stop = self.is_fresh(settings), settings.on_error == "stop"
        here = [job for job in jobs if not fresh or job.is_done]
        run_here(here, self.hydra_context, self.task_function, stop)
        others = [job for job in jobs if job not in here]
        if others and not (stop and any(job.state == "failed" for job in here)):
            self.run_fresh(others, settings, stop)

    def is_fresh(self, settings: SweepSettings) -> bool:
        """Whether each job has a process of its own."""
        return settings.fresh or settings.n_jobs > 1

    def run_fresh(self, jobs: Sequence[SweepJob], settings: SweepSettings, stop: bool) -> None:
        from lossexp.sweeps.local import run_fresh

        run_fresh(jobs, settings.n_jobs, stop)


class ClusterLauncher(LossexpLauncher):
    """Jobs on other machines, by an engine. Raises InputError where it is not installed.

    start_in: the folder where jobs start. settings: the engine's.
    """

    extra: str  # of lossexp, which installs the package
    package: str

    def __init__(self, start_in: str | None, **settings: Any) -> None:
        self._start_in = start_in
        self._settings = OmegaConf.to_container(OmegaConf.create(settings))

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        from lossexp.config.sweep_settings import check_engine

        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
        check_engine(config, self.extra, self.package)

    def is_fresh(self, settings: SweepSettings) -> bool:
        return True

    def run_fresh(self, jobs: Sequence[SweepJob], settings: SweepSettings, stop: bool) -> None:
        from lossexp.sweeps.elsewhere import run_elsewhere

        if jobs:
            run_elsewhere(self.engine(), jobs, stop, self._start_in)

    def engine(self) -> Engine:
        raise NotImplementedError


class SlurmLauncher(ClusterLauncher):
    """`hydra/launcher=slurm`: each job is one of Slurm. See `lossexp.sweeps.slurm`."""

    extra, package = "slurm", "submitit"

    def engine(self) -> Engine:
        from lossexp.sweeps.slurm import Slurm

        return Slurm(**self._settings)


class RayLauncher(ClusterLauncher):
    """`hydra/launcher=ray_cluster`: each job is a task of a Ray cluster. See `lossexp.sweeps.ray`."""

    extra, package = "ray", "ray"

    def engine(self) -> Engine:
        from lossexp.sweeps.ray import Ray

        return Ray(**self._settings)
