"""What the other jobs of a sweep are compared with."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from lossexp.base.errors import InputError
from lossexp.sweeps.expansion import split
from lossexp.sweeps.jobs import SweepJob


def of_baseline(baseline: str, jobs: Sequence[SweepJob]) -> list[SweepJob]:
    """The jobs whose settings are those of `baseline`, such as `loss=focal loss.gamma=0`.

    Raises InputError where none is.
    """
    wanted = OverridesParser.create().parse_overrides(split(baseline))
    found = [job for job in jobs if all(_holds(override, job.config) for override in wanted)]
    if not found:
        names = "; ".join(job.name for job in jobs[:5])
        raise InputError(
            f"baseline={baseline}: no job of the sweep has these settings. Give those of one of its losses, such as "
            f"loss=ce, and see that it is among the jobs ({names}{'; ...' if len(jobs) > 5 else ''})."
        )
    return found


def _holds(override: Override, config: DictConfig) -> bool:
    name, value = override.key_or_group, override.value()
    choice = config.hydra.runtime.choices.get(name)
    return value in (choice, OmegaConf.select(config, name)) if choice else OmegaConf.select(config, name) == value
