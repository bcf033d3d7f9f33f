"""One paragraph for an error of input or configuration: what is wrong, where it was set, what would work."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterator
from functools import singledispatch
from pathlib import Path
from typing import Any

from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    GrammarParseError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)
from yaml import MarkedYAMLError
from yaml.reader import ReaderError

from lossexp.blame import user_error
from lossexp.errors import InputError, did_you_mean

# What the user can repair: one paragraph, no traceback.
INPUT_ERRORS = (InputError, HydraException, OmegaConfBaseException, FloatingPointError)
Interpolation = InterpolationResolutionError | UnsupportedInterpolationType | GrammarParseError


def explain(error: BaseException) -> str:
    """One paragraph for `error`: an InputError's own, a line of the user's, or the innermost cause with words."""
    said = [str(cause) for cause in causes(error) if isinstance(cause, InputError)][:1]
    said = said or [str(told) for told in [user_error(error)] if told]
    said = said or [text for text in map(words, causes(error)) if text] or [str(error) or type(error).__name__]
    job = local(error, "sweep_overrides")  # where Hydra composes the jobs of a sweep, before any of them starts
    return re.sub(r"\s+", " ", f"{' '.join(job)}: {said[-1]}" if job else said[-1]).strip()


def explained(error: BaseException, within: Callable) -> bool:
    """Whether `explain` has more to say than the traceback: of input, and of what Hydra met before `within` began."""
    began = any(frame.f_code is within.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))
    known = any(isinstance(cause, INPUT_ERRORS) or words(cause) for cause in causes(error))
    return not began or known or user_error(error) is not None


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and so on; OmegaConf leaves the cause to `__context__`."""
    for _ in range(10):
        yield error
        error = error.__cause__ or (error.__context__ if isinstance(error, OmegaConfBaseException) else None)
        if error is None:
            return


def local(error: BaseException, name: str) -> Any:
    """The variable `name` of the innermost function on the error's way that has one; None where none has."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if name in frame.f_locals]
    return frames[-1].f_locals[name] if frames else None


@singledispatch
def words(error: BaseException) -> str | None:
    """What to say of an error of this kind; None where its message has to do."""
    # TensorFlow's, which is not imported here.
    return memory_is_full(error) if type(error).__name__ == "ResourceExhaustedError" else disk_is_full(error)


FULL = re.compile("No space left on device|Disk quota exceeded|database or disk is full")


def disk_is_full(error: BaseException) -> str | None:
    """Words for a full disk, or share of it; h5py, SQLite and MLflow tell so somewhere in their messages only."""
    found = FULL.search(os.strerror(getattr(error, "errno", None) or 0)) or FULL.search(str(error))
    place = f" for {error.filename}" if isinstance(error, OSError) and error.filename else ""
    return found and (
        f"The disk refuses to take more: {found[0]}{place}. Make room and give the same command again; it continues "
        "from the last checkpoint. Or name a folder elsewhere with output=my_folder."
    )


@words.register
def _(error: OSError) -> str | None:
    if full := disk_is_full(error):
        return full
    folder, file = local(error, "output_dir") or local(error, "sweep_dir"), error.filename  # Hydra's
    if folder and file and (_inside(file, folder) or _inside(folder, file)):
        return f"output: the run's folder cannot be written: {error}. Name another one with output=my_folder."
    return None


def _inside(path: str | Path, folder: str | Path) -> bool:
    return Path(path).absolute().is_relative_to(Path(folder).absolute())


@words.register
def _(error: ConfigCompositionException) -> str | None:
    several = re.match(r"(?:Ambiguous value for argument|Sweep parameters) '(.+?)'( |$)", str(error), re.MULTILINE)
    return several and (
        f"{several[1]} has several values. Give -m as well for a run with each of them; a list stands in brackets, "
        "[first,second], and a text with a comma in quotes."
    )


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
    option = re.escape(str(error.missing_cfg_file).rpartition("/")[2])
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
            "a text with : # { } [ ] or % stands in quotes."
        )
    return f"{mark.name}, line {mark.line + 1}: {problem}. {repair}"


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


@words.register
def _(error: OverrideParseException) -> str:
    key, equals, value = error.override.partition("=")
    if not equals:
        return f"{error.override!r} is no setting. Settings are given as SETTING=VALUE, as in loss=focal."
    if value[:1] in "[{":
        return (
            f"{error.override} cannot be read. Close each bracket, and put each text that holds more than letters and "
            f"digits in quotes: \"{key}=['first text','second text']\""
        )
    inside = value.strip("'\"").replace("'", "\\'")
    return (
        f"{error.override} cannot be read: a value with characters such as = # ; ( ) or é stands in quotes, which the "
        f"shell must leave to it: \"{key}='{inside}'\""
    )


@words.register
def _(error: ConfigKeyError | ConfigAttributeError) -> str | None:
    if not error.full_key or not isinstance(error.parent_node, DictConfig):
        return None
    keys = [str(key) for key in error.parent_node if key not in ("hydra", "_target_")]
    known = ", ".join(keys) or "this option has none"
    return f"There is no setting {error.full_key!r}. {did_you_mean(str(error.key), keys)}Settings: {known}."


@words.register
def _(error: Interpolation) -> str | None:
    if error.msg is None:  # OmegaConf's own half, of which the error that follows from it says where
        return None
    message = str(error).splitlines()[0]
    if isinstance(error, GrammarParseError):
        message = f"this interpolation cannot be read ({message})"
    named = re.search(r"'([\w.]+)' (?:not )?found", message) or re.search(r"type (\S+)", message)
    holders = _holding(error.parent_node, named[1]) if named else []
    where = ", ".join(holders) or error.full_key or "a config file"
    return (
        f"{where}: {message}. An interpolation names another setting, as in ${{seed}} or ${{trainer.epochs}}, or a "
        "variable of the environment, as in ${oc.env:HOME}."
    )


def _holding(node: Any, name: str) -> list[str]:
    """The settings whose text holds an interpolation of `name`, as `key=text`."""
    root = node._get_root() if node is not None else None
    plain = OmegaConf.to_container(root, resolve=False) if OmegaConf.is_config(root) else {}
    plain.pop("hydra", None)  # repeats the command line
    return list(_texts(plain, name))


def _texts(node: Any, name: str, key: str = "") -> Iterator[str]:
    if isinstance(node, dict | list):
        for inner, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _texts(value, name, f"{key}.{inner}" if key else str(inner))
    elif isinstance(node, str) and "${" in node and name in node:
        yield f"{key}={node}"


@words.register
def _(error: OmegaConfBaseException) -> str | None:
    return error.msg and f"{error.full_key or 'the config'}: {str(error).splitlines()[0]}."


@words.register
def _(error: ValueError) -> str | None:
    override = local(error, "override")  # Hydra's, while it reads the options of groups
    if not str(error).startswith("Config group override must be") or override is None:
        return None
    return f"{override.input_line}: a group needs the name of an option. Leave it out for its default."


@words.register(MemoryError)
def memory_is_full(error: Exception) -> str:
    asked = re.search(r"tensor with shape\s?\[[\d,]*\]|Unable to allocate .*", str(error))
    what = f" ({asked[0]})" if asked else ""
    return f"There is not enough memory{what}. Make the model, such as model.hidden, or trainer.batch_size smaller."
