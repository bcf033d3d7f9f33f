"""Where the callbacks of a config may write: the run's own folder, and folders that the user confirmed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lossexp.base.errors import InputError
from lossexp.config.keras_names import WRITTEN
from lossexp.config.targets import locate

FOLDER = "callbacks"  # in the run's folder, apart from what the run itself keeps there
# `{epoch:02d}` and `{val_nll:.2f}`. Any other field of Python's could spell dots and slashes when it is filled in.
PLACEHOLDER = re.compile(r"\{\w+(:0?\d*(\.\d+)?[defg]?)?\}")


def confined(node: Any, where: str, run_dir: Path, confirmed: Sequence[str] | str | None = None) -> Any:
    """A copy of `node` (plain data) in which each path that a Keras callback writes or deletes is whole.

    Relative paths start in `<run_dir>/callbacks`, which is made where it is needed. Raises InputError for a path
    that leads out of it and into none of the `confirmed` folders.
    """
    confirmed = [confirmed] if isinstance(confirmed, str) else list(confirmed or ())
    if isinstance(node, list):
        return [confined(item, f"{where}[{i}]", run_dir, confirmed) for i, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    node = {key: confined(value, f"{where}.{key}", run_dir, confirmed) for key, value in node.items()}
    argument = WRITTEN.get(node.get("_target_"))
    if argument:
        given = node.get(argument, _default(node["_target_"], where, argument))
        node[argument] = str(_path(given, f"{where}.{argument}", run_dir / FOLDER, confirmed))
    return node


def _default(target: str, where: str, argument: str) -> Any:
    default = inspect.signature(locate(target, where)).parameters[argument].default
    return None if default is inspect.Parameter.empty else default


def _path(given: Any, setting: str, own: Path, confirmed: Sequence[str]) -> Path:
    if not isinstance(given, str) or not given or "://" in given:
        raise InputError(f"{setting}={given!r}: give a path of this machine, such as log.csv; it is in {own}.")
    if re.search(r"[{}]", PLACEHOLDER.sub("", given)):
        raise InputError(f"{setting}={given}: give placeholders as in {{epoch:02d}} or {{val_nll:.2f}}.")
    path = (own / Path(given).expanduser()).resolve()
    if path.is_relative_to(own.resolve()):
        own.mkdir(parents=True, exist_ok=True)  # CSVLogger makes no folder
    elif not any(path.is_relative_to(Path(folder).expanduser().resolve()) for folder in confirmed):
        raise InputError(
            f"{setting}={given}: a callback writes into the run's own folder, and this is outside of {own}. Give a "
            "path relative to that, such as log.csv, or confirm the folder on the command line or in your own primary "
            f"config: trusted_paths=[{path.parent}]."
        )
    return path
