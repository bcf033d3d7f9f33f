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
    given = parser.parse_overrides(list(arguments))
    if idle := [o.input_line for o in given if o.key_or_group.startswith("tune.")]:
        raise InputError(f"{idle[0]} is of use in python -m lossexp.tune only. Leave it out, or search.")
    common = [o for o in given if not is_of_sweep(o)]
    seeds = parser.parse_overrides([f"seed={','.join(map(str, found))}" for found in [_seeds(config)] if found])
    jobs = []
    for text, chosen in chosen_sets(config, parser):
        given = [*common, *chosen, *seeds]
        check(given, text)
        _check_discrete(given)
        [batch] = BasicSweeper.split_arguments(given, None)
        jobs += batch
    return jobs


def chosen_sets(config: DictConfig, parser: OverridesParser) -> list[tuple[str, list[Override]]]:
    """Each set as text and as overrides; an empty one where no sets are asked for."""
    sets = checked("sets", _plain(config.sets), SETTINGS["sets"])
    return [(text, parser.parse_overrides(split(text))) for text in ([""] if sets is None else sets)]


def split(text: str) -> list[str]:
    """The overrides in a set: they end at white space that another `name=` follows, as brackets may hold some too."""
    return re.split(r"\s+(?=[+~]{0,2}[A-Za-z_][\w./@-]*=)", text.strip()) if text.strip() else []


def _seeds(config: DictConfig) -> list[int]:
    seeds = checked("seeds", _plain(config.seeds), SETTINGS["seeds"])
    return list(range(seeds)) if isinstance(seeds, int) else seeds or []


def check(given: Sequence[Override], chosen: str) -> None:
    """Raises InputError for a setting that is given twice or has no value. chosen: the text of the set."""
    names = [override.key_or_group for override in given]
    for override in given:
        if override.is_discrete_sweep() and not list(override.sweep_string_iterator()):
            raise InputError(f"{override.input_line} has no values, so nothing would run. Give at least one.")
    for name in names:
        if names.count(name) > 1:
            where = "seeds" if name == "seed" else f"the set {chosen!r}"
            raise InputError(
                f"{name} is given on the command line and in {where} as well, or twice in one of them, so that one "
                "would have no effect. Leave one of them out."
            )


def _check_discrete(given: Sequence[Override]) -> None:
    for override in given:
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise InputError(
                f"{override.input_line} is no list of values. Give some, such as {override.key_or_group}=1,2,5, or "
                "search for the best: python -m lossexp.tune --help"
            )


def _plain(value: object) -> object:
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
