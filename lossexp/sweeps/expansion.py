"""From a command line to jobs: each set of overrides on its own, times the command line's sweeps, times the seeds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from lossexp.base.checks import checked
from lossexp.base.errors import InputError
from lossexp.config.sweep_settings import is_of_sweep
from lossexp.config.top_level import SETTINGS


def expand(config: DictConfig, arguments: Sequence[str], loader: ConfigLoader) -> list[list[str]]:
    """The overrides of each job, in the order in which they run: the command line's, a set's, and the seed last.

    config: composed of the command line without its sweeps, with `sets` and `seeds`. arguments: the command line's
    overrides, in which Hydra's choices, ranges and globs are expanded, as they are in the sets.

    Raises InputError for a setting that is given twice, and for a sweep without an end, such as `interval(0,1)`.
    """
    parser = OverridesParser.create(config_loader=loader)
    common = [o for o in parser.parse_overrides(list(arguments)) if not is_of_sweep(o)]
    seeds = parser.parse_overrides([f"seed={','.join(map(str, found))}" for found in [_seeds(config)] if found])
    jobs = []
    for text in checked("sets", _plain(config.sets), SETTINGS["sets"]) or [""]:
        chosen = parser.parse_overrides(split(text))
        given = [*common, *chosen, *seeds]
        _check_said_once(given, text)
        [batch] = BasicSweeper.split_arguments(given, None)
        jobs += batch
    return jobs


def split(text: str) -> list[str]:
    """The overrides in a set: they end at white space that another `name=` follows, as brackets may hold some too."""
    return re.split(r"\s+(?=[+~]{0,2}[A-Za-z_][\w./@-]*=)", text.strip()) if text.strip() else []


def _seeds(config: DictConfig) -> list[int]:
    seeds = checked("seeds", _plain(config.seeds), SETTINGS["seeds"])
    return list(range(seeds)) if isinstance(seeds, int) else seeds or []


def _check_said_once(given: Sequence[Override], chosen: str) -> None:
    names = [override.key_or_group for override in given]
    for override in given:
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise InputError(
                f"{override.input_line} has no list of values to train with. Give values, such as "
                f"{override.key_or_group}=1,2,5, or search: python -m lossexp.tune."
            )
        if names.count(override.key_or_group) > 1:
            where = "seeds" if override.key_or_group == "seed" else f"the set {chosen!r}"
            raise InputError(
                f"{override.key_or_group} is given twice, on the command line or in {where}, so that one of them would "
                "have no effect. Leave one of them out."
            )


def _plain(value: object) -> object:
    from omegaconf import OmegaConf

    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
