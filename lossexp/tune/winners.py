"""The winners of searches as an experiment, which can be run again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import yaml
from omegaconf import DictConfig

from lossexp.tune.search import Search

FILE = "experiment/winners.yaml"  # in the search's folder, which is then a --config-dir


def winners(config: DictConfig, searches: Sequence[Search]) -> DictConfig:
    """`config` as the sweep over the winners and the seeds after the search's own."""
    compared = config.copy()
    compared.sets = [" ".join(search.best.chosen) or search.name for search in searches]
    compared.seeds = list(range(config.seed + 1, config.seed + 1 + config.tune.seeds)) or None
    return compared


def as_yaml(compared: DictConfig, command: str) -> str:
    """The text of an experiment file. command: to run it, for the reader."""
    chosen = compared.hydra.runtime.choices.get("experiment")
    content = {"defaults": [chosen, "_self_"]} if chosen else {}
    content |= {name: compared[name] for name in ("baseline",) if compared[name] is not None}
    content |= {"sets": list(compared.sets), "seeds": compared.seeds and list(compared.seeds)}
    text = yaml.safe_dump(content, sort_keys=False, width=10_000)
    return f"# @package _global_\n# The winners of a search. {command}\n{text}"


def command_for(folder: Path, common: Sequence[str]) -> str:
    """What to type for the comparison in `folder`. common: the overrides beside the sets."""
    kept = [override for override in common if not override.startswith("experiment=")]
    return shlex.join(["python", "-m", "lossexp", "-m", *kept, "experiment=winners", f"--config-dir={folder}"])
