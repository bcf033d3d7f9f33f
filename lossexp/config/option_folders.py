"""What a folder of options may not do: set Hydra itself, which imports code that Hydra's settings name.

Callbacks, launchers, loggers and environment variables are such settings, and they act before any job starts. They
are the user's to give, on the command line or in the primary config.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from lossexp.base.errors import InputError

PACKAGE = re.compile(r"#.*@package.*hydra")


def check_option_folders(arguments: Sequence[str]) -> None:
    """Raises InputError for an option file that sets `hydra:` in a folder that the command line names.

    arguments: the command line's, without the program's name.
    """
    given, _ = get_args_parser().parse_known_args(list(arguments))
    primary = Path(given.config_name or "config").with_suffix(".yaml")
    for folder in _folders(given):
        for file in _options(folder):
            if file.relative_to(folder) != primary and _sets_hydra(file, folder):
                raise InputError(
                    f"{file} sets Hydra's own settings, or names files outside of its folder. Hydra can import code by "
                    "them, so give them on the command line or in your own primary config, and keep options in a "
                    "folder of their own."
                )


def _folders(given: Any) -> list[Path]:
    named = [folder for folder in (given.config_dir, given.config_path) if folder]
    for text in given.overrides:
        if text.lstrip("+").startswith("hydra.searchpath"):
            [override] = OverridesParser.create().parse_overrides([text])
            value = override.value()
            named += [str(place) for place in (value if isinstance(value, list) else [value])]
    return [Path(folder.removeprefix("file://")) for folder in named if not folder.startswith("pkg://")]


def _options(folder: Path) -> Iterator[Path]:
    """Every YAML file below, links followed; not in hidden folders, which no option may name."""
    seen = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        folders[:] = [name for name in folders if not name.startswith(".") and real not in seen]
        seen.add(real)
        yield from (Path(root) / name for name in sorted(files) if name.endswith((".yaml", ".yml")))


def _sets_hydra(file: Path, folder: Path) -> bool:
    try:
        text = file.read_text("utf-8")
        if "hydra" in file.relative_to(folder).parts or PACKAGE.search(text):
            return True
        # Most files need not be parsed; a backslash may spell the word otherwise.
        if not any(word in text for word in ("hydra", "\\", "defaults")):
            return False
        content = OmegaConf.to_container(OmegaConf.load(file))
    except Exception:
        return False  # Hydra cannot read it either, and says so where it is chosen
    return isinstance(content, dict) and ("hydra" in content or _leads_away(content.get("defaults")))


def _leads_away(defaults: Any) -> bool:
    """Whether a defaults list names Hydra's groups or packages, or files that were not looked at."""
    for entry in defaults if isinstance(defaults, list) else []:
        groups, options = (list(entry), list(entry.values())) if isinstance(entry, dict) else ([entry], [])
        if any("hydra" in str(name) or "${" in str(name) for name in groups):
            return True
        if any(re.search(r"hydra|(^|/)\.|\$\{[^}]*:", str(name)) for name in (*groups, *options)):
            return True
    return False
