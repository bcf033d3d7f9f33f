"""The jobs of a sweep, composed once, each with its folder and, where it cannot be trained, the reason."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from lossexp.config.job import Job
from lossexp.config.messages import explain
from lossexp.experiment.run_folder import damaged, read_record
from lossexp.sweeps.state import State, state


@dataclass(frozen=True, eq=False)
class SweepJob:
    """name: the overrides that tell it apart from the others. config: as Hydra composes it for `overrides`, with
    Hydra's own node, for hydra.core.utils.run_job. folder: where its run is. key: its run's, group_key: what it has in
    common with runs that differ by their seed only, both None where it has none. problem: why it cannot be trained, in
    words, as far as that is known without its data.
    """

    number: int
    name: str
    overrides: tuple[str, ...]
    config: DictConfig
    folder: Path
    key: str | None
    group_key: str | None
    problem: str | None

    @cached_property
    def is_done(self) -> bool:
        """Whether it was finished when first asked, and asks for no other training."""
        anew = self.config.rerun or self.config.dataset.get("reread")
        return not anew and self.state == "finished" and not damaged(self.folder, read_record(self.folder).files)

    @property
    def state(self) -> State:
        """What became of it, see `lossexp.sweeps.state`."""
        return "failed" if self.problem else state(self.folder)


def compose(master: DictConfig, overrides: Sequence[Sequence[str]], loader: ConfigLoader) -> list[SweepJob]:
    """A job for each list of overrides.

    Raises what Hydra raises for overrides that do not go together, so that no job runs where one is a mistake.
    """
    jobs: list[SweepJob] = []
    names = _names(overrides)
    for given, name in zip(overrides, names):
        config = loader.load_sweep_config(master, list(given))
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = len(jobs)
        folder = Path(os.path.abspath(f"{config.hydra.sweep.dir}/{config.hydra.sweep.subdir}"))
        with read_write(config.hydra.runtime), open_dict(config.hydra.runtime):
            config.hydra.runtime.output_dir = str(folder)
        jobs.append(SweepJob(len(jobs), name, tuple(given), config, folder, *_looked_at(config)))
    return jobs


def _names(overrides: Sequence[Sequence[str]]) -> list[str]:
    """What tells each job from the others; all of its overrides where nothing does."""
    shared = {o for o, times in Counter(o for given in overrides for o in given).items() if times == len(overrides)}
    return [" ".join(o for o in given if o not in shared) or " ".join(given) for given in overrides]


def swept(jobs: Sequence[SweepJob]) -> list[str]:
    """Names of the settings that are not the same for all of the jobs."""
    given = [dict(override.lstrip("+").split("=", 1) for override in job.overrides if "=" in override) for job in jobs]
    names = dict.fromkeys(name for settings in given for name in settings)
    return [name for name in names if len({settings.get(name) for settings in given}) > 1]


def _looked_at(config: DictConfig) -> tuple[str | None, str | None, str | None]:
    """The run's keys, and what is wrong with its settings."""
    key = group_key = None
    try:
        job = Job.of(OmegaConf.masked_copy(config, [name for name in config if name != "hydra"]), config.hydra)
        key, group_key = job.key, job.group_key
        job.check()
    except Exception as error:
        return key, group_key, explain(error)
    return key, group_key, None
