"""Words for config files that cannot be read: which file, which line, what is wrong there, what would work."""

from __future__ import annotations

import re
from pathlib import Path

from hydra.errors import MissingConfigException
from yaml import MarkedYAMLError
from yaml.reader import ReaderError

from lossexp.base.errors import did_you_mean
from lossexp.config.messages.by_kind import local, words


@words.register
def _(error: MissingConfigException) -> str:
    place = re.match(r"In '(.+?)': ", str(error))  # the config whose defaults list names it
    origin = _in_file(error, place[1]) if place else ""
    if error.options is not None:
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        near = did_you_mean(option, error.options)
        return f"{origin}There is no option {option!r} in group {group!r}. {near}Options: {', '.join(error.options)}."
    if place:
        missing = re.search(r"Could not (?:load|find) '(.+?)'", str(error))
        name = missing[1] if missing else str(error)
        return f"{origin or place[1] + ': '}the defaults list names {name}, which is not there. Write /group: option."
    if error.missing_cfg_file is None:
        return (
            f"{error} --config-path replaces all of lossexp's options; for options of your own beside them give "
            "--config-dir=my_folder."
        )
    return (
        f"--config-name: there is no config {error.missing_cfg_file!r} to start from. Write it as "
        f"my_folder/{error.missing_cfg_file}.yaml and give --config-dir=my_folder too."
    )


def _in_file(error: MissingConfigException, config: str) -> str:
    """`In my/loss/mine.yaml, line 3: ` where the missing option stands in that config, and not on the command line."""
    option = re.escape(str(error.missing_cfg_file).rpartition("/")[2]) or "(?!)"  # `loss=` has none
    repository = local(error, "repo")
    for file in (Path(source.path) / f"{config}.yaml" for source in repository.get_sources()) if repository else ():
        for number, line in enumerate(file.read_text().splitlines() if file.is_file() else (), 1):
            if re.search(rf"^\s*-[^#]*\b{option}\s*(#|$)", line):
                return f"{file}, line {number}: "
    return ""


@words.register
def _(error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context
    if problem.startswith("but ") and error.context:
        problem = f"{error.context}, {problem}"
    if "'\\t'" in problem:
        problem, repair = "a tab where the line is indented", "Indent with spaces."
    elif "duplicate key" in problem:
        repair = "Keep one of the two lines."
    else:
        repair = (
            "Look at this line and the one above: keys of one level start in the same column, brackets are closed, and "
            "a text with : # % & * ! or brackets stands in quotes."
        )
    return f"{mark.name}, line {mark.line + 1}: {problem}. {repair}"


@words.register
def _(error: RecursionError) -> str | None:
    if local(error, "full_path") is None and local(error, "repo") is None:
        return None
    root = local(error, "root")  # of a tree of defaults lists
    where = f"{root.node.get_config_path()}: " if root else ""
    return (
        f"{where}this config holds itself. Take away what leads back to it: the file's own name in its defaults list, "
        "or a YAML alias (*name) inside of what has the anchor (&name)."
    )


@words.register
def _(error: ReaderError) -> str:
    return f"{error.name}: {error.reason} (at character {error.position}). Save it as plain text in UTF-8."


@words.register
def _(error: UnicodeDecodeError) -> str | None:
    file = local(error, "full_path")  # Hydra's, of the config that it reads
    if file is None:
        return None
    content = Path(file).read_bytes()
    line = content[: error.start].count(b"\n") + 1
    return f"{file}, line {line}: byte {content[error.start]:#04x} is no UTF-8. Save the file as UTF-8."
