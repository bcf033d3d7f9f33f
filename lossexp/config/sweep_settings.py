"""What the settings of a sweep may be, and that they stand where a sweep is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lossexp.base.checks import Count, FromZero, check_fields
from lossexp.base.errors import InputError
from lossexp.config.command_line import overrides
from lossexp.config.identity import OF_SWEEPS

NODES = ("sweep", "tune")
SWEEP_ONLY = tuple(name for name in OF_SWEEPS if name not in NODES)


@dataclass(frozen=True)
class SweepSettings:
    """The node `sweep`, see conf/config.yaml. Raises InputError for values that it cannot have."""

    on_error: Literal["continue", "stop"] = "continue"
    list: bool = False
    n_jobs: Count = 1
    fresh: bool = False
    parent: str | None = None

    def __post_init__(self) -> None:
        check_fields(self, "sweep")


@dataclass(frozen=True)
class TuneSettings:
    """The node `tune`, see conf/config.yaml. Raises InputError for values that it cannot have."""

    trials: Count = 20
    batch: Count = 1
    seeds: FromZero = 5

    def __post_init__(self) -> None:
        check_fields(self, "tune")


def is_of_sweep(override: Override) -> bool:
    """Whether the override is about the sweep, rather than about its jobs."""
    return override.key_or_group.split(".")[0] in OF_SWEEPS


def is_job_of_sweep(settings: DictConfig) -> bool:
    """Whether Hydra's settings are those of a job that a sweep started, in whichever process."""
    return settings.mode is RunMode.MULTIRUN or not OmegaConf.is_missing(settings.job, "num")


def check_workers(config: DictConfig, settings: DictConfig) -> None:
    """Raises InputError for jobs of several workers in a sweep, which each worker would start as a whole."""
    if config.trainer.get("strategy") == "multi_worker" and is_job_of_sweep(settings):
        raise InputError(
            "trainer.strategy=multi_worker trains one run a command: with -m each worker would start the whole sweep. "
            "Give a command for each run, on all of its workers."
        )


def check_sweep_is_asked_for(config: DictConfig, settings: DictConfig) -> None:
    """Raises InputError for settings of a sweep in a command that runs one job. settings: Hydra's own."""
    if is_job_of_sweep(settings):
        return
    given = [f"{name}={config[name]}" for name in SWEEP_ONLY if config[name] is not None]
    given += [o.input_line for o in overrides(settings) if o.key_or_group.split(".")[0] in NODES]
    given += [o for o in settings.overrides.hydra if o.startswith("hydra/launcher=")]
    if given:
        name = given[0].partition("=")[0]
        command = "python -m lossexp.tune only. Search" if name.startswith("tune.") else "a sweep only. Give -m as well"
        raise InputError(f"{given[0]} is of use in {command}, or set {name} to its default.")


def check_engine(config: DictConfig, extra: str, package: str) -> None:
    """Raises InputError where the engine that is to run the jobs is not installed, or is not what decides.

    extra: of lossexp, which installs the package.
    """
    launcher = f"hydra/launcher={config.hydra.runtime.choices['hydra/launcher']}"
    if not find_spec(package):
        raise InputError(f"{launcher} needs {package}, which is not installed: pip install 'lossexp[{extra}]'.")
    if config.sweep.n_jobs != 1 or config.sweep.fresh:
        raise InputError(
            f"sweep.n_jobs and sweep.fresh are for jobs on this machine. With {launcher} each job has a fresh process "
            "anyway, and how many run at a time is hydra.launcher.slurm_array_parallelism, or follows from what "
            "hydra.launcher.remote asks of the Ray cluster. Leave them out."
        )


def check_launcher(config: DictConfig) -> None:
    """Raises InputError for settings that a launcher which is not lossexp's does not heed."""
    settings, launcher = SweepSettings(**config.sweep), config.hydra.runtime.choices["hydra/launcher"]
    for name in ("on_error", "n_jobs", "fresh"):
        value = getattr(settings, name)
        if value != getattr(SweepSettings, name):
            raise InputError(
                f"sweep.{name}={str(value).lower()} has no effect with hydra/launcher={launcher}, which has its "
                "own settings, hydra.launcher.*. Leave it out, or use hydra/launcher=lossexp."
            )


def check_looks(config: DictConfig) -> None:
    """Raises InputError for settings of a sweep that trains, where finished runs are looked at again."""
    launcher = config.hydra.runtime.choices["hydra/launcher"]
    given = [] if launcher in ("lossexp", "basic") else [f"hydra/launcher={launcher}"]
    given += [o.input_line for o in overrides(config.hydra) if is_of_sweep(o)]
    if given:
        raise InputError(f"{given[0]} has no effect with mode={config.mode}, which trains nothing. Leave it out.")
