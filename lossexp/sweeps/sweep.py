"""One sweep on one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from lossexp.base.screen import show_error
from lossexp.config.sweep_settings import SweepSettings
from lossexp.process.signals import stops_raise
from lossexp.sweeps.baseline import of_baseline
from lossexp.sweeps.expansion import expand
from lossexp.sweeps.failed import SweepFailed
from lossexp.sweeps.jobs import SweepJob, compose
from lossexp.sweeps.run import SweepRun
from lossexp.sweeps.screen import SweepScreen, of_test, show_states


def sweep(
    config: DictConfig,
    arguments: Sequence[str],
    loader: ConfigLoader,
    launch: Callable[[Sequence[SweepJob], SweepSettings], None],
) -> None:
    """Runs the jobs that the command describes, and tells of all of them; finished ones only look at their run.

    config: composed without the sweeps among the command line's overrides, `arguments`. launch: runs jobs, wherever;
    what becomes of each is read from its folder.

    Raises InputError for settings that do not go together and a store that cannot be used, SweepFailed where a job is
    not finished at the end.
    """
    settings = SweepSettings(**config.sweep)
    jobs = distinct(compose(config, expand(config, arguments, loader), loader))
    if config.baseline is not None:
        of_baseline(config.baseline, jobs)
    good = trainable(jobs)
    if settings.list:
        show_states(jobs)
        return
    if not good or (len(good) < len(jobs) and settings.on_error == "stop"):
        raise SweepFailed
    run = SweepRun(config, jobs)
    with stops_raise(), run.open():
        for job in good:
            job.config.sweep.parent = run.run_id
        with SweepScreen(len(jobs), of_test) as screen:
            screen.add(jobs)
            launch(good, settings)


def trainable(jobs: Sequence[SweepJob]) -> list[SweepJob]:
    """Those without a problem; that of the others is told."""
    for job in jobs:
        if job.problem:
            show_error(f"job {job.number}, {job.name}: {job.problem}")
    return [job for job in jobs if not job.problem]


def distinct(jobs: Sequence[SweepJob]) -> list[SweepJob]:
    """Without jobs that are the same run as one before them, which is told."""
    first: dict[str | int, SweepJob] = {}
    for job in jobs:
        first.setdefault(job.number if job.problem else str(job.key), job)
    if same := len(jobs) - len(first):
        print(f"{same} of {len(jobs)} jobs are the same run as one before them, and left out")
    return list(first.values())
