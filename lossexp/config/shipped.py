"""The `conf` folder that comes with the package, and the targets that its options name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

TARGET = re.compile(r"^_target_: *([\w.]+)", re.MULTILINE)


def config_folder() -> str:
    """The `conf` folder: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return str(folder)
    raise FileNotFoundError(
        f"lossexp's conf folder is neither in {package} nor in {package.parent}; reinstall lossexp."
    )


@cache
def shipped_targets(group: str) -> frozenset[str]:
    """What the shipped options of a group build: the `_target_` of each `conf/<group>/*.yaml`.

    A user's own folder of options does not count, so that nothing is buildable because a file says so.
    """
    options = (Path(config_folder()) / group).glob("*.yaml")
    return frozenset(name for option in options for name in TARGET.findall(option.read_text("utf-8")))
