"""Where Hydra puts a job: resolvers of `conf/config.yaml`, which see a command before any folder is made."""

from __future__ import annotations

from omegaconf import DictConfig, OmegaConf

from lossexp.base.checks import checked
from lossexp.config.identity import run_key
from lossexp.config.top_level import SETTINGS
from lossexp.process.cluster import this_worker


def run_folder(*, _root_: DictConfig) -> str:
    """The folder of a job under `output`: the run's key; a job that looks at another run has no run itself.

    Where the config has no key (an interpolation that leads nowhere), the job itself meets the same and says it, so
    that one such job does not end a sweep.
    """
    try:
        return run_key(_root_) if _root_.mode == "train" else ".revisits"
    except Exception:
        return ".refused"


def output_folder(*, _root_: DictConfig) -> str:
    """`output`. Raises InputError where that is no folder's name."""
    return checked("output", _root_.output, SETTINGS["output"])


def worker_folder(*, _root_: DictConfig) -> str:
    """Where a worker beside the chief writes its log, inside the run's folder; empty for any other process."""
    if _root_.mode != "train" or OmegaConf.select(_root_, "trainer.strategy") != "multi_worker":
        return ""
    index = this_worker()
    return f"/worker-{index}" if index else ""


OmegaConf.register_new_resolver("worker_folder", worker_folder, replace=True)
OmegaConf.register_new_resolver("run_key", run_folder, replace=True)
OmegaConf.register_new_resolver("output_folder", output_folder, replace=True)
