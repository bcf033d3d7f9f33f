"""The jobs of one command: what fails is told when it fails, and in a sweep once more, all together, at the end."""

from __future__ import annotations

import functools
import logging
import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from lossexp.base.screen import show_error
from lossexp.config.messages import explain

FAILURES = "failures.txt"


class Failures:
    """What failed among the jobs of one command.

    told: a line for each failed job of a sweep, in the order in which they failed. Launchers with processes of
    their own tell of each failure as well, but here only those of this process are collected.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self._started, self._folder = 0, Path()

    def watched(self, job: Callable[[DictConfig], Any]) -> Callable[[DictConfig], Any]:
        """`job`, whose errors are written to the run's log and, in a sweep, told at once; then they go on as before."""

        @functools.wraps(job)
        def run(config: DictConfig) -> Any:
            self._started += 1
            try:
                return job(config)
            except Exception as error:
                keep_traceback(error)
                settings = HydraConfig.get()
                if settings.mode is RunMode.MULTIRUN:
                    self._folder = Path(settings.sweep.dir)
                    given = " ".join(OmegaConf.to_container(settings.overrides.task))
                    self.told.append(f"job {settings.job.num}, {given}: {explain(error)}")
                    show_error(self.told[-1])
                raise

        return run

    def sum_up(self) -> None:
        """Names every failed job, and adds them to `failures.txt` in the sweep's folder."""
        lines = "\n".join([f"{len(self.told)} of {self._started} jobs failed:", *self.told])
        with (self._folder / FAILURES).open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now():%Y-%m-%d %H:%M} {shlex.join(sys.argv[1:])}\n{lines}\n\n")
        show_error(f"{lines}\n(also in {self._folder / FAILURES})")


def keep_traceback(error: Exception) -> None:
    """Writes the error with its traceback to the log file of the run, and to no screen."""
    record = logging.LogRecord(
        __name__, logging.ERROR, __file__, 0, "the job failed", (), (type(error), error, error.__traceback__)
    )
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handle(record)
