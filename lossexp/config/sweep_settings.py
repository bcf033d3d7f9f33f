"""What the settings of a sweep may be, and that they stand where a sweep is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lossexp.base.checks import Count, check_fields
from lossexp.base.errors import InputError
from lossexp.config.command_line import overrides

SWEEP_ONLY = ("sets", "seeds", "baseline")


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


def is_of_sweep(override: Override) -> bool:
    """Whether the override is about the sweep, rather than about its jobs."""
    return override.key_or_group in SWEEP_ONLY or override.key_or_group.startswith("sweep.")


def is_job_of_sweep(settings: DictConfig) -> bool:
    """Whether Hydra's settings are those of a job that a sweep started, in whichever process."""
    return settings.mode is RunMode.MULTIRUN or not OmegaConf.is_missing(settings.job, "num")


def check_sweep_is_asked_for(config: DictConfig, settings: DictConfig) -> None:
    """Raises InputError for settings of a sweep in a command that runs one job. settings: Hydra's own."""
    if is_job_of_sweep(settings):
        return
    given = [f"{name}={config[name]}" for name in SWEEP_ONLY if config[name] is not None]
    given += [o.input_line for o in overrides(settings) if o.key_or_group.startswith("sweep.")]
    if given:
        name = given[0].partition("=")[0]
        raise InputError(f"{given[0]} is of use in a sweep only. Give -m as well, or set {name} to its default.")
