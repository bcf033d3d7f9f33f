"""The command line: Hydra composes, `experiment.run` runs, and errors become one paragraph.

Nothing here imports TensorFlow, Keras or MLflow before a job starts, so `--help` and `--cfg job` answer at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

import lossexp.config.folders  # noqa: F401 - the resolvers of conf/config.yaml
from lossexp.base.screen import show_error
from lossexp.config.command_line import arguments, changed_settings, granted, overrides
from lossexp.config.idle import check_idle
from lossexp.config.jobs import Jobs
from lossexp.config.messages import explain, explained
from lossexp.config.option_folders import check_option_folders
from lossexp.config.shipped import config_folder
from lossexp.config.top_level import check_choices, check_only, check_settings


def job(config: DictConfig) -> float:
    """One job: trains (or finds) the run that `config` describes and returns its objective."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("absl").setLevel(logging.WARNING)  # TensorFlow tells of every checkpoint there
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # pages of what MLflow raises as well
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # each job of a sweep traces anew, which is no fault
    settings = HydraConfig.get()
    check_settings(config)
    check_choices(config, settings)
    trusted = granted("trusted_packages", config, settings)
    granted("trusted_paths", config, settings)
    check_idle(config, [o.key_or_group for o in overrides(settings) if not o.is_delete()])
    if config.mode != "train":
        check_only(config, settings)
        return look_again(config, trusted)

    from lossexp.experiment.run import run

    choices = {str(k): str(v) for k, v in settings.runtime.choices.items() if v and "/" not in str(k)}
    given = changed_settings(settings)
    scores = run(config, Path(settings.runtime.output_dir), choices=choices, trusted=trusted, given=given)
    return scores.objective


def look_again(config: DictConfig, trusted: Sequence[str]) -> float:
    """`mode=evaluate` and `mode=predict`."""
    from lossexp.experiment import revisit

    if config.mode == "predict":
        revisit.predict(config, trusted)
        return 0.0
    return next(iter(revisit.evaluate(config, trusted).values()))


def main() -> None:
    """Entry of `python -m lossexp` and of the console script."""
    # As `python -m` does, so that the console script finds the user's modules.
    if any("trusted_packages" in argument for argument in sys.argv) and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    jobs = Jobs()
    command = hydra.main(version_base="1.3", config_path=config_folder(), config_name="config")(jobs.watched(job))
    full = "HYDRA_FULL_ERROR" in os.environ  # the user asks for tracebacks
    os.environ["HYDRA_FULL_ERROR"] = "1"  # makes Hydra raise here instead of printing its own summary
    try:
        sys.argv[1:] = arguments(sys.argv[1:])
        check_option_folders(sys.argv[1:])
        command()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if full or not (jobs.failed or explained(error, within=job)):
            raise
        if not jobs.failed:  # those were told when they failed
            show_error(explain(error))
        sys.exit(1)
    finally:
        if not full:
            del os.environ["HYDRA_FULL_ERROR"]
        if jobs.failed:
            jobs.sum_up()
