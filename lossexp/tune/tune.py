"""One tuning on one page: searches side by side, then their winners compared over fresh seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig
from rich.console import Console

from lossexp.base.errors import InputError
from lossexp.base.screen import PLAIN
from lossexp.config.sweep_settings import SweepSettings, TuneSettings
from lossexp.experiment.result import read_result
from lossexp.process.signals import stops_raise
from lossexp.sweeps.baseline import of_baseline
from lossexp.sweeps.failed import SweepFailed
from lossexp.sweeps.jobs import SweepJob, compose
from lossexp.sweeps.screen import SweepScreen, show_states
from lossexp.sweeps.sweep import distinct, sweep, trainable
from lossexp.tune.run import SearchRun
from lossexp.tune.search import Search, Trial
from lossexp.tune.space import spaces
from lossexp.tune.table import of_validation
from lossexp.tune.winners import FILE, as_yaml, command_for, winners

Launch = Callable[[Sequence[SweepJob], SweepSettings], None]


def tune(config: DictConfig, arguments: Sequence[str], loader: ConfigLoader, launch: Launch) -> None:
    """Searches each set with as many trials as the others, and compares the winners.

    config, arguments, loader, launch: as `lossexp.sweeps.sweep.sweep` takes them.

    Raises InputError for settings that do not go together and a store that cannot be used, SweepFailed where a search
    has no winner or the comparison misses a job.
    """
    settings, tuning = SweepSettings(**config.sweep), TuneSettings(**config.tune)
    searches, defaults = _searches(config, arguments, loader, tuning)
    rounds = _rounds(searches, config, loader)
    if settings.list:
        show_states(_known(rounds))
        return
    console = Console(soft_wrap=True, **PLAIN)
    console.print(_budget(searches, tuning.trials))
    run = SearchRun(config, searches, defaults)
    with stops_raise(), run.open():
        with SweepScreen(total=sum(search.most for search in searches), scores=of_validation) as screen:
            for trials, jobs in rounds:
                run.add(jobs)
                screen.add(jobs)
                _train(jobs, run.run_id, launch, settings)
                _tell(trials, jobs)
        if all(search.best for search in searches):
            common = [override for override in searches[0].space.common if not override.startswith("seed=")]
            compared, command = winners(config, searches), command_for(run.folder, common)
            run.write(FILE, as_yaml(compared, command))
    console.print(f"the winners again:  {command}")
    if tuning.seeds:
        console.print(f"the winners over fresh seeds ({', '.join(map(str, compared.seeds))}):")
        sweep(compared, common, loader, launch)


def _searches(
    config: DictConfig, arguments: Sequence[str], loader: ConfigLoader, tuning: TuneSettings
) -> tuple[list[Search], list[SweepJob]]:
    """The searches, each with the job of its defaults. What cannot be composed is met here, before anything runs."""
    if config.mode != "train":
        raise InputError(f"mode={config.mode}: a search trains. Leave mode out.")
    found = spaces(config, arguments, loader)
    defaults = compose(config, [[*space.common, *space.own] for space in found], loader)
    lowest = [space.chosen({d.key: d.first for d in space.dimensions}) for space in found]
    others = compose(config, [[*space.common, *chosen] for space, chosen in zip(found, lowest)], loader)
    if config.baseline is not None:
        for jobs in (defaults, others):  # a winner may be either
            of_baseline(config.baseline, jobs)
    return [Search(space, job.config, tuning) for space, job in zip(found, defaults)], defaults


def _rounds(
    searches: Sequence[Search], config: DictConfig, loader: ConfigLoader
) -> Iterator[tuple[list[tuple[Search, Trial]], list[SweepJob]]]:
    """The next trials of all searches, with their jobs; each time once those before have been told."""
    number = 0
    while trials := [(search, trial) for search in searches for trial in search.ask()]:
        jobs = compose(config, [[*search.space.common, *trial.chosen] for search, trial in trials], loader)
        named = [" ".join(trial.chosen) or search.name for search, trial in trials]
        yield trials, [replace(job, number=number + i, name=named[i]) for i, job in enumerate(jobs)]
        number += len(jobs)


def _train(jobs: Sequence[SweepJob], parent: str | None, launch: Launch, settings: SweepSettings) -> None:
    good = distinct(trainable(jobs))
    for job in good:
        job.config.sweep.parent = parent
    launch(good, settings)
    if settings.on_error == "stop" and any(job.state == "failed" for job in jobs):
        raise SweepFailed


def _tell(trials: Sequence[tuple[Search, Trial]], jobs: Sequence[SweepJob]) -> None:
    for (search, trial), job in zip(trials, jobs):
        search.tell(trial, read_result(job.folder, job.key) if job.state == "finished" else None)


def _known(rounds: Iterator[tuple[list[tuple[Search, Trial]], list[SweepJob]]]) -> list[SweepJob]:
    """The jobs of the trials so far, and of those that come next."""
    known: list[SweepJob] = []
    for trials, jobs in rounds:
        known += jobs
        if not all(job.is_done for job in jobs):
            break
        _tell(trials, jobs)
    return known


def _budget(searches: Sequence[Search], trials: int) -> str:
    """Such as `20 trials for each of: loss=ce, loss=focal`."""
    by_most: dict[int, list[str]] = {}
    for search in searches:
        by_most.setdefault(search.most, []).append(search.name)
    return "\n".join(
        f"{most} trial{'s' * (most > 1)}{', as there is nothing else to try' if most < trials else ' for each of'}: "
        f"{', '.join(names)}"
        for most, names in by_most.items()
    )
