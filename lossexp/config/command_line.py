"""The command line as Hydra takes it: arguments in an order it reads, overrides, and whom the user trusts."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from lossexp.base.checks import Name, checked
from lossexp.base.errors import InputError

# What a command asks for; Hydra does one thing at a time.
COMMANDS = ("run", "multirun", "cfg", "info", "shell_completion")
TRUST = list[Name]


def arguments(given: Sequence[str]) -> list[str]:
    """What follows the program's name, as Hydra's parser reads it: overrides first, flags after them.

    People write overrides on both sides of `-m` or `--config-dir`, where the parser expects them in one place.
    Raises InputError for a flag that is none, or flags that do not go together.
    """
    given = [quoted(argument) for argument in given]
    parser = get_args_parser()
    parser.error = _refuse
    parsed = parser.parse_intermixed_args(given)
    asked = [f"--{name.replace('_', '-')}" for name in COMMANDS if getattr(parsed, name)]
    if len(asked) > 1:
        raise InputError(
            f"{' and '.join(asked)} do not go together: give one of them. --cfg job shows the config of one job, so "
            "leave -m out and give each setting one value."
        )
    for flag, value in {"--resolve": parsed.resolve, "--package": parsed.package}.items():
        if value and not (parsed.cfg or parsed.help):
            raise InputError(f"{flag} goes with --cfg: give --cfg job as well, or leave {flag} out.")
    if parsed.experimental_rerun:
        raise InputError("--experimental-rerun is not supported. Give a run's command again: it continues the run.")
    for override in parsed.overrides:
        given.remove(override)
    return [*parsed.overrides, *given]


def _refuse(message: str) -> NoReturn:
    raise InputError(
        f"{message}. Settings are given without dashes, as in loss=focal; --help lists them, --hydra-help the flags."
    )


def quoted(argument: str) -> str:
    """`debug=nan`, `run=<key>` and `baseline=loss=ce` as Hydra takes them: its grammar reads nan and
    12e4567890123456 as numbers, and has no second `=` outside of quotes.
    """
    if re.match(r"baseline=[^'\"]*=", argument):
        return "baseline='" + argument.removeprefix("baseline=") + "'"
    name = {"debug": "nan", "run": r"[0-9a-f]{16}|[0-9a-f]{32}"}.get(argument.partition("=")[0])
    return re.sub(rf"(?<![\w'\"])({name})(?![\w'\"])", r"'\1'", argument) if name else argument


def overrides(settings: DictConfig) -> list[Override]:
    """What the command line of this job says, interpolations as they were typed. settings: Hydra's own."""
    return OverridesParser.create().parse_overrides(OmegaConf.to_container(settings.overrides.task))


def config_flags() -> list[str]:
    """The flags of this process's command that say where config files are."""
    known, _ = get_args_parser().parse_known_args(sys.argv[1:])
    names = ("config_dir", "config_path", "config_name")
    return [f"--{name.replace('_', '-')}={value}" for name in names if (value := getattr(known, name))]


def granted(setting: str, config: DictConfig, settings: DictConfig) -> tuple[str, ...]:
    """`trusted_packages` or `trusted_paths`, which the command line or the primary config sets, and nothing else.

    Raises InputError where an option file sets them for itself.
    """
    given: list[str] = []
    for override in overrides(settings):
        if override.key_or_group == setting:
            given += checked(setting, override.value(), TRUST)
    given += _primary_config(settings).get(setting) or ()
    asked = checked(setting, OmegaConf.to_container(config, resolve=True).get(setting), TRUST)
    for name in asked:
        if name not in given:
            raise InputError(
                f"{setting} holds {name!r}, which a config file asked for itself. Trust is given on the command line "
                f"or in your own primary config only: {setting}=[{name}]."
            )
    return tuple(asked)


def _primary_config(settings: DictConfig) -> dict:
    name = settings.job.config_name.removesuffix(".yaml") + ".yaml"
    for source in settings.runtime.config_sources:
        path = Path(source.path) / name
        if source.schema == "file" and path.is_file():
            return OmegaConf.to_container(OmegaConf.load(path), resolve=False) or {}
    return {}
