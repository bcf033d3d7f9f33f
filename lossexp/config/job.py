"""One job: a composed config with what goes along with it, and what it builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from lossexp.base.files import whole
from lossexp.config.build import build, prepare
from lossexp.config.callback_paths import confined
from lossexp.config.command_line import granted, overrides
from lossexp.config.identity import OF_SWEEPS, group_key, run_key
from lossexp.config.idle import check_idle
from lossexp.config.sweep_settings import check_sweep_is_asked_for, check_workers, is_of_sweep
from lossexp.config.top_level import check_choices, check_only, check_settings
from lossexp.config.values import check_values, plain

# Where a run is written and found again, rather than what it is.
NOT_PARAMETERS = (
    *("hydra", "tracking", "output", "rerun", "trusted_packages", "trusted_paths"),
    *OF_SWEEPS,
)
PATHS = {"dataset": ("path", "data_dir"), "model": ("path", "weights"), "noise": ("T",), "loss": ("T",)}


@dataclass(frozen=True, eq=False)
class Job:
    """One job as Hydra composed it: `job["seed"]` is a setting, `job.build("loss")` what a group describes.

    config: all settings. folder: where all that the job writes belongs; None for a job that writes nothing.
    choices: the option chosen in each group. trusted: packages that the config may build from beside lossexp and
    Keras. given: the command line's settings without those of a sweep.
    """

    config: DictConfig
    folder: Path | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    trusted: Sequence[str] = ()
    given: Sequence[str] = ()

    @classmethod
    def of(cls, config: DictConfig, settings: DictConfig) -> Job:
        """The job of a command. Raises InputError where the command asks for what means nothing.

        settings: Hydra's own.
        """
        check_settings(config)
        check_choices(config, settings)
        check_sweep_is_asked_for(config, settings)
        check_workers(config, settings)
        trusted = granted("trusted_packages", config, settings)
        granted("trusted_paths", config, settings)
        check_idle(config, [o.key_or_group for o in overrides(settings) if not o.is_delete()])
        if config.mode in ("evaluate", "predict"):
            check_only(config, settings)
        given = tuple(o.input_line for o in overrides(settings) if not is_of_sweep(o))
        choices = {str(k): str(v) for k, v in settings.runtime.choices.items() if v and "/" not in str(k)}
        return cls(config, Path(settings.runtime.output_dir), choices, trusted, given)

    @classmethod
    def read(cls, file: Path, trusted: Sequence[str]) -> Job:
        """The job that `save` wrote into `file`; only the user who reads it says what is trusted."""
        return cls(OmegaConf.load(file), trusted=trusted)

    def save(self, file: Path) -> None:
        """Writes the parameters as YAML, whole or not at all."""
        with whole(file) as unfinished:
            OmegaConf.save(self.parameters, unfinished)

    def __getitem__(self, name: str) -> Any:
        """A setting or group as plain data, interpolations resolved."""
        return plain(self.config[name])

    @cached_property
    def key(self) -> str:
        """The run's key, see `run_key`."""
        return run_key(self.config)

    @cached_property
    def group_key(self) -> str:
        """What runs have in common that differ by their seed only, see `group_key`."""
        return group_key(self.config)

    @property
    def anew(self) -> bool:
        """Whether what an earlier training left does not count; data that are read anew may be others."""
        return self["rerun"] or bool(self["dataset"].get("reread"))

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """What the run is: its settings as they are built from. Paths of data are found from any folder."""
        found = {key: self.prepare(key) for key in self.config if key not in NOT_PARAMETERS}
        for group, names in PATHS.items():
            node = found.get(group, {"_target_": ""})  # an earlier version's run has no noise
            if node["_target_"].startswith("lossexp."):  # what the words mean to a user's own is not known
                node |= {name: _absolute(node[name]) for name in names if node.get(name)}
        return found

    def check(self) -> None:
        """Raises InputError for the first setting that cannot work, whatever the data. Nothing is imported for it."""
        check_settings(self.config)
        check_values(self.config, self.trusted)

    def prepare(self, group: str) -> Any:
        """The group's settings as `build` takes them: plain data, targets checked, numbers of the right type."""
        return prepare(self.config[group], group, self.trusted)

    def named(self, group: str) -> str:
        """What a group is, for messages: its option, `model=mlp`, or of a user's own `model.fn=mine.net`."""
        node = self[group]
        inner = node.get("fn")
        if isinstance(inner, Mapping) and "_target_" in inner:
            return f"{group}.fn={inner['_target_']}"
        target = node["_target_"]
        own = target.partition(".")[0] in self.trusted
        return f"{group}={target if own else self.choices.get(group, target)}"

    def build(self, group: str, **extra: Any) -> Any:
        """What the group's settings describe; callbacks write into the job's folder. extra: further arguments.

        Raises InputError where that cannot be built, see `lossexp.config.build`.
        """
        node = self.prepare(group)
        if self.folder:
            node = confined(node, group, self.folder, self.config.get("trusted_paths"))
        return build(node, group, self.trusted, **extra)


def _absolute(path: Any) -> Any:
    """A path, or several by name, as they are from any folder; what is no text as it is."""
    if isinstance(path, Mapping):
        return {name: _absolute(inner) for name, inner in path.items()}
    if not isinstance(path, str):
        return path
    return str(Path(path).expanduser().absolute())
