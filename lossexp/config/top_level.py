"""The settings outside groups, what each of them may be, and that every key of a config means something."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from omegaconf import DictConfig, OmegaConf

from lossexp.base.checks import Count, FromZero, Length, Name, checked
from lossexp.base.errors import InputError, did_you_mean
from lossexp.config.command_line import TRUST, overrides
from lossexp.config.identity import decides
from lossexp.config.values import GROUPS

SETTINGS = {
    "name": Name,
    "seed": FromZero,
    "output": Name,
    "rerun": bool,
    "mode": Literal["train", "evaluate", "predict", "look"],
    "run": str | int | None,
    "inputs": str | None,
    "trusted_packages": TRUST,
    "trusted_paths": TRUST,
    "sets": Annotated[list[Name], Length(1)] | None,
    "seeds": Count | list[FromZero] | None,
    "baseline": Name | None,
    "sweep": dict,
    "tune": dict,
}
# The modes in which these have an effect.
ONLY_IN = {"run": ("evaluate", "predict"), "inputs": ("predict",)}


def check_settings(config: DictConfig) -> None:
    """Raises InputError for a setting outside groups that is missing, unknown, of another kind, or without effect."""
    known = (*SETTINGS, *GROUPS)
    for name in known:
        if name not in config:
            raise InputError(f"{name} is missing from the config. Leave ~{name} out, or add {name}=...")
    for name, hint in SETTINGS.items():
        value = config[name]
        checked(name, OmegaConf.to_container(value) if OmegaConf.is_config(value) else value, hint)
    for name, modes in ONLY_IN.items():
        if config[name] is not None and config.mode not in modes:
            raise InputError(f"{name}={config[name]} has an effect only with mode={' or mode='.join(modes)}.")
    text = OmegaConf.to_yaml(config)
    for key in map(str, config):
        # A key of the user's own is of use where another setting refers to it.
        if key not in (*known, "hydra") and not re.search(rf"\$\{{\.*{re.escape(key)}\b", text):
            meant = did_you_mean(key, known)
            raise InputError(f"{key} is no setting, and nothing refers to it as ${{{key}}}. {meant}Leave it out.")


def check_choices(config: DictConfig, settings: DictConfig) -> None:
    """Raises InputError for a group given several options at once, or whose option names nothing to build.

    settings: Hydra's own.
    """
    for override in overrides(settings):
        given = override.value() if override.key_or_group in GROUPS else None
        if isinstance(given, list):
            raise InputError(
                f"{override.input_line} would merge these options into one. Give one of them, or -m for a run with "
                f"each: -m {override.key_or_group}={','.join(map(str, given))}"
            )
    for group in GROUPS:
        check_option(group, config, settings)


def check_option(group: str, config: DictConfig, settings: DictConfig) -> None:
    """Raises InputError where the option of a group names nothing to build, and says in which file it should."""
    if not isinstance(config[group], DictConfig) or "_target_" not in config[group]:
        option = settings.runtime.choices.get(group)
        raise InputError(
            f"{group}={option} names nothing to build: there is no {group}._target_. "
            f"{_file(settings, group, option)} must hold a mapping with a line such as "
            "_target_: my_package.my_function, and a line for each of its arguments."
        )


def check_only(config: DictConfig, settings: DictConfig) -> None:
    """Raises InputError where the command line changes what a finished run, looked at again, has settled."""
    for override in overrides(settings):
        if decides(override.key_or_group):
            raise InputError(
                f"{override.input_line} has no effect with mode={config.mode}: the run is looked at as it was trained. "
                "Leave it out."
            )


def _file(settings: DictConfig, group: str, option: Any) -> str:
    """Where the option was read from."""
    for source in settings.runtime.config_sources:
        path = Path(source.path) / group / f"{option}.yaml"
        if source.schema == "file" and path.is_file():
            return str(path)
    return f"{group}/{option}.yaml"
