"""The command line: Hydra composes, `experiment.run` runs, and errors become one paragraph.

Nothing here imports TensorFlow, Keras or MLflow before a job starts, so `--help` and `--cfg job` answer at once.
"""

from __future__ import annotations

import logging
import os
import sys

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

import lossexp.config.resolvers  # noqa: F401 - those of conf/config.yaml
from lossexp.base.screen import show_error
from lossexp.config.command_line import arguments
from lossexp.config.failures import watched
from lossexp.config.job import Job
from lossexp.config.messages import explain, explained
from lossexp.config.option_folders import check_option_folders
from lossexp.config.shipped import config_folder
from lossexp.sweeps.failed import SweepFailed


@watched
def job(config: DictConfig) -> float:
    """One job: trains (or finds) the run that `config` describes, or looks at it or its data; returns its objective."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("absl").setLevel(logging.WARNING)  # TensorFlow tells of every checkpoint there
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # pages of what MLflow raises as well
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # each job of a sweep traces anew, which is no fault
    asked = Job.of(config, HydraConfig.get())
    if config.mode == "train":
        from lossexp.experiment.run import run

        return run(asked).objective
    if config.mode == "look":
        from lossexp.experiment.look import look

        look(asked)
        return 0.0
    from lossexp.experiment.inference import evaluate, predict

    if config.mode == "evaluate":
        return next(iter(evaluate(asked).values()))
    predict(asked)
    return 0.0


def main() -> None:
    """Entry of `python -m lossexp` and of the console script."""
    # As `python -m` does, so that the console script finds the user's modules.
    if any("trusted_packages" in argument for argument in sys.argv) and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    command = hydra.main(version_base="1.3", config_path=config_folder(), config_name="config")(job)
    full = "HYDRA_FULL_ERROR" in os.environ  # the user asks for tracebacks
    os.environ["HYDRA_FULL_ERROR"] = "1"  # makes Hydra raise here instead of printing its own summary
    try:
        sys.argv[1:] = arguments(sys.argv[1:])
        check_option_folders(sys.argv[1:])
        command()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if isinstance(error, SweepFailed):  # each failure was told
            sys.exit(1)
        if full or not explained(error, within=job):
            raise
        show_error(explain(error))
        sys.exit(1)
    finally:
        if not full:
            del os.environ["HYDRA_FULL_ERROR"]
