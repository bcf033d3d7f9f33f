"""From a command line to jobs: each set of overrides on its own, times the command line's sweeps, times the seeds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

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
    sets, jobs = checked("sets", _plain(config.sets), SETTINGS["sets"]), []
    for text in [""] if sets is None else sets:
        chosen = parser.parse_overrides(split(text))
        given = [*common, *chosen, *seeds]
        _check(given, text)
        [batch] = BasicSweeper.split_arguments(given, None)
        jobs += batch
    return jobs


def split(text: str) -> list[str]:
    """The overrides in a set: they end at white space that another `name=` follows, as brackets may hold some too."""
    return re.split(r"\s+(?=[+~]{0,2}[A-Za-z_][\w./@-]*=)", text.strip()) if text.strip() else []


def _seeds(config: DictConfig) -> list[int]:
    seeds = checked("seeds", _plain(config.seeds), SETTINGS["seeds"])
    return list(range(seeds)) if isinstance(seeds, int) else seeds or []


def _check(given: Sequence[Override], chosen: str) -> None:
    names = [override.key_or_group for override in given]
    for override in given:
        name = override.key_or_group
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise InputError(
                f"{override.input_line} is no list of values. Give some, such as {name}=1,2,5, or search for the best: "
                "python -m lossexp.tune --help"
            )
        if override.is_discrete_sweep() and not list(override.sweep_string_iterator()):
            raise InputError(f"{override.input_line} has no values, so nothing would run. Give at least one.")
    for name in names:
        if names.count(name) > 1:
            where = "seeds" if name == "seed" else f"the set {chosen!r}"
            raise InputError(
                f"{name} is given on the command line and in {where} as well, or twice in one of them, so that one "
                "would have no effect. Leave one of them out."
            )


def _plain(value: object) -> object:
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
