"""The command line: Hydra composes, `experiment.run` runs, and errors become one paragraph.

Nothing here imports TensorFlow, Keras or MLflow before a job starts, so `--help` and `--cfg job` answer at once.
"""

from __future__ import annotations

import errno
import inspect
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lossexp.config.idle import check_idle
from lossexp.config.shipped import config_folder
from lossexp.errors import InputError, did_you_mean
from lossexp.identity import decides, run_key

# What the user can repair: one paragraph, no traceback.
INPUT_ERRORS = (InputError, HydraException, OmegaConfBaseException, FloatingPointError)


def run_folder(*, _root_: DictConfig) -> str:
    """The folder of a job under `output`: the run's key; a job that looks at another run has no run itself."""
    return run_key(_root_) if _root_.mode == "train" else ".revisits"


OmegaConf.register_new_resolver("run_key", run_folder, replace=True)


@hydra.main(version_base="1.3", config_path=config_folder(), config_name="config")
def job(config: DictConfig) -> float:
    """One job: trains (or finds) the run that `config` describes and returns its objective."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("absl").setLevel(logging.WARNING)  # TensorFlow tells of every checkpoint there
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # each job of a sweep traces anew, which is no fault
    settings = HydraConfig.get()
    trusted = granted("trusted_packages", config, settings)
    granted("trusted_paths", config, settings)
    check_idle(config, [o.key_or_group for o in overrides(settings) if not o.is_delete()])

    if config.mode != "train":
        return look_again(config, trusted)

    from lossexp.experiment import run

    choices = {str(k): str(v) for k, v in settings.runtime.choices.items() if v and "/" not in str(k)}
    given = changed_settings(settings)
    scores = run(config, Path(settings.runtime.output_dir), choices=choices, trusted=trusted, given=given)
    return scores.objective


def look_again(config: DictConfig, trusted: Sequence[str]) -> float:
    """`mode=evaluate` and `mode=predict`."""
    from lossexp import revisit

    if config.mode not in revisit.MODES:
        raise InputError(f"mode={config.mode}: use one of {', '.join(revisit.MODES)}.")
    if config.mode == "predict":
        revisit.predict(config, trusted)
        return 0.0
    return next(iter(revisit.evaluate(config, trusted).values()))


def overrides(settings: DictConfig) -> list[Override]:
    """What the command line of this job says."""
    return OverridesParser.create().parse_overrides(list(settings.overrides.task))


def changed_settings(settings: DictConfig) -> tuple[str, ...]:
    """The command line's settings inside groups, such as `loss.gamma=1`: they tell the runs of a sweep apart."""
    return tuple(
        o.input_line.lstrip("+") for o in overrides(settings) if "." in o.key_or_group and decides(o.key_or_group)
    )


def granted(setting: str, config: DictConfig, settings: DictConfig) -> tuple[str, ...]:
    """`trusted_packages` or `trusted_paths`, which the command line or the primary config sets, and nothing else.

    An option file that sets them for itself is refused with InputError.
    """
    given: list[str] = []
    for override in overrides(settings):
        if override.key_or_group == setting:
            given += _as_list(override.value())
    given += _as_list(_primary_config(settings).get(setting))
    asked = _as_list(OmegaConf.to_container(config, resolve=True).get(setting))
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


def _as_list(value: object) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]


def explain(error: Exception) -> str:
    """One paragraph for an error of input or of configuration."""
    if isinstance(error, MissingConfigException) and error.options is not None:
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        near = did_you_mean(option, error.options)
        return f"There is no option {option!r} in group {group!r}. {near}Options: {', '.join(error.options)}."
    if isinstance(error, OSError) and is_full(error):
        return (
            f"The disk refuses to take more: {error}. Make room and give the same command again; it continues from the "
            "last checkpoint. Or name a folder elsewhere with output=my_folder."
        )
    if isinstance(error, OSError):
        return f"output: the run's folder cannot be made: {error}. Name another one with output=my_folder."
    chain = [error]
    while chain[-1].__cause__ is not None and len(chain) < 10:
        chain.append(chain[-1].__cause__)
    for cause in chain:
        if isinstance(cause, OmegaConfBaseException) and cause.full_key and isinstance(cause.parent_node, DictConfig):
            keys = [str(k) for k in cause.parent_node if k not in ("hydra", "_target_")]
            near = did_you_mean(str(cause.key), keys)
            known = ", ".join(keys) or "this option has none"
            return f"There is no setting {cause.full_key!r}. {near}Settings: {known}."
    return re.sub(r"\s+", " ", str(error))


def show(error: Exception) -> None:
    """Prints `explain(error)` to standard error."""
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=not sys.stderr.isatty(), highlight=False)
    console.print("Error:", style="bold red", end=" ")
    console.print(explain(error), markup=False)


def main() -> None:
    """Entry of `python -m lossexp` and of the console script."""
    # As `python -m` does, so that the console script finds the user's modules.
    if any("trusted_packages" in argument for argument in sys.argv) and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    sys.argv = [quoted(argument) for argument in sys.argv]
    if "HYDRA_FULL_ERROR" in os.environ:
        return job()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # makes Hydra raise here instead of printing its own summary
    try:
        return job()
    except INPUT_ERRORS as error:
        show(error)
        sys.exit(1)
    except OSError as error:
        if not is_full(error) and (error.filename is None or not made_by_hydra(error)):
            raise
        show(error)
        sys.exit(1)
    except ValueError as error:
        if not str(error).startswith("Config group override must be"):
            raise
        show(InputError("A config group is set to null, but each needs an option. Leave it out for its default."))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def quoted(argument: str) -> str:
    """`debug=nan` and `run=<key>` as Hydra takes them: its grammar reads nan and 12e4567890123456 as numbers."""
    name = {"debug": "nan", "run": r"[0-9a-f]{16}|[0-9a-f]{32}"}.get(argument.partition("=")[0])
    return re.sub(rf"(?<![\w'\"])({name})(?![\w'\"])", r"'\1'", argument) if name else argument


def is_full(error: OSError) -> bool:
    """Whether a disk, or a share of it, is full; h5py tells so in its message only."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


def made_by_hydra(error: Exception) -> bool:
    """Whether Hydra raised it while it made the run's folder, before any of our code ran."""
    ours = inspect.unwrap(job).__code__
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is ours:
            return False
        trace = trace.tb_next
    return True
